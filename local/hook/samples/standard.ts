/** A sample of Standard Webhooks: an event about a person who left. */
import { signWebhook } from '../../../lib/signing/standard-webhooks.ts';
import { meaningOf, type Source } from '../../../lib/webhooks/inbound/source.ts';
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'principal.disabled',
  request({ secret, person, event, id, source, nowMs }) {
    if (!secret.startsWith('whsec_')) {
      throw new Error('the first secret of the source is a public key, with which nobody can sign. Put a whsec_ first');
    }
    const body = standardBody(source, { event, person, nowMs });
    const signature = signWebhook({ id, timestampSeconds: Math.floor(nowMs / 1000), body }, [secret]);
    return { method: 'POST', path: '', headers: { ...signature, 'content-type': 'application/json' }, body };
  },
};

/** The form of the ids that this service and the cloud give to users and domains. */
const PRINCIPAL = /^[0-9a-f]{32}$/;

/** The body of an event about a person. @param person a principal, or any other identity */
function standardBody(
  source: Source,
  { event, person, nowMs }: { event: string; person: string; nowMs: number },
): string {
  if (['grant.revoke', 'key.compromised'].includes(meaningOf(source, event))) {
    throw new Error('this event is about a grant or a key; samples are about a person, such as principal.disabled');
  }
  const who = PRINCIPAL.test(person) ? { grantee_principal: person } : { identity: person };
  const timestamp = new Date(nowMs).toISOString();
  return JSON.stringify({ type: event, timestamp, data: { ...who, reason: 'sample of npm run hook' } });
}
