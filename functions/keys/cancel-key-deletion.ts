import { httpHandler } from '../../lib/handlers/http.ts';
import { keyId, sequence } from '../../lib/validation/fields.ts';

/** Cancels the scheduled deletion of a key and leaves the key disabled. */
export const handler = httpHandler({
  access: 'kms:cmk:update',
  fields: { key_id: keyId, sequence },
  async handle({ body, context, authority }) {
    const key = await authority.cancelKeyDeletion(context, body.key_id);
    return { key_id: key.keyId, key_state: key.state };
  },
});
