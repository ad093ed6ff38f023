import { endpoint } from '../../lib/endpoint.ts';
import { keyId, sequence } from '../../lib/fields.ts';

/** Keeps a key that waits for deletion; it comes back disabled. */
export const handler = endpoint({
  access: 'kms:cmk:update',
  fields: { key_id: keyId, sequence },
  async handle({ body, act, authority }) {
    const key = await authority.cancelKeyDeletion(act, body.key_id);
    return { key_id: key.keyId, key_state: key.state };
  },
});
