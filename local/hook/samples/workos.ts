/** A sample of a WorkOS event. Source: WorkOS, "Events", and "Sync data using webhooks". */
import { hmacSha256Hex } from '../../../lib/signing/bytes.ts';
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'dsync.user.deleted',
  request({ secret, person, event, id, nowMs }) {
    const user = person.includes('@') ? { email: person } : { id: person };
    const data = { ...user, ...(event === 'dsync.user.updated' && { state: 'inactive' }) };
    const body = JSON.stringify({ id, event, data, created_at: new Date(nowMs).toISOString() });
    const signature = hmacSha256Hex(secret, `${nowMs}.${body}`);
    const headers = { 'workos-signature': `t=${nowMs}, v1=${signature}`, 'content-type': 'application/json' };
    return { method: 'POST', path: '', headers, body };
  },
};
