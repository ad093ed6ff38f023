import { endpoint } from '../../lib/endpoint.ts';
import { keyId, sequence } from '../../lib/fields.ts';

/** Stops a key from being granted and used; its grants stay and can be revoked. */
export const handler = endpoint({
  access: 'kms:cmk:disable',
  fields: { key_id: keyId, sequence },
  async handle({ body, act, authority }) {
    const { keyId: key_id, state: key_state } = await authority.disableKey(act, body.key_id);
    return { key_info: { key_id, key_state } };
  },
});
