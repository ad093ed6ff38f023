import { httpHandler } from '../../lib/handlers/http.ts';
import { keyId, sequence } from '../../lib/validation/fields.ts';
import { pendingDays } from '../../lib/validation/key-fields.ts';

/** Schedules the deletion of a key and its grants in 7 to 1096 days. */
export const handler = httpHandler({
  access: 'kms:cmk:update',
  fields: { key_id: keyId, pending_days: pendingDays, sequence },
  async handle({ body, context, authority }) {
    const key = await authority.scheduleKeyDeletion(context, body.key_id, body.pending_days);
    return { key_id: key.keyId, key_state: key.state };
  },
});
