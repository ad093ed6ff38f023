import { endpoint } from '../../lib/endpoint.ts';
import { keyId, pendingDays, sequence } from '../../lib/fields.ts';

/** Has a key deleted, with its grants, after 7 to 1096 days. */
export const handler = endpoint({
  access: 'kms:cmk:update',
  fields: { key_id: keyId, pending_days: pendingDays, sequence },
  async handle({ body, act, authority }) {
    const key = await authority.scheduleKeyDeletion(act, body.key_id, body.pending_days);
    return { key_id: key.keyId, key_state: key.state };
  },
});
