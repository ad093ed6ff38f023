import { endpoint } from '../../lib/endpoint.ts';
import { keyId, sequence } from '../../lib/fields.ts';

/** Lets a disabled key be granted and used again. */
export const handler = endpoint({
  access: 'kms:cmk:enable',
  fields: { key_id: keyId, sequence },
  async handle({ body, act, authority }) {
    const { keyId: key_id, state: key_state } = await authority.enableKey(act, body.key_id);
    return { key_info: { key_id, key_state } };
  },
});
