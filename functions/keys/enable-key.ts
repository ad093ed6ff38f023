import { httpHandler } from '../../lib/handlers/http.ts';
import { keyId, sequence } from '../../lib/validation/fields.ts';

/** Enables a disabled key. */
export const handler = httpHandler({
  access: 'kms:cmk:enable',
  fields: { key_id: keyId, sequence },
  async handle({ body, context, authority }) {
    const { keyId: key_id, state: key_state } = await authority.enableKey(context, body.key_id);
    return { key_info: { key_id, key_state } };
  },
});
