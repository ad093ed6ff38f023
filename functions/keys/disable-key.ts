import { httpHandler } from '../../lib/handlers/http.ts';
import { keyId, sequence } from '../../lib/validation/fields.ts';

/** Disables a key: no new grants can be created. Existing grants stay and can be revoked. */
export const handler = httpHandler({
  access: 'kms:cmk:disable',
  fields: { key_id: keyId, sequence },
  async handle({ body, context, authority }) {
    const { keyId: key_id, state: key_state } = await authority.disableKey(context, body.key_id);
    return { key_info: { key_id, key_state } };
  },
});
