/** Samples of the kind `gitguardian`: the fields of the payload that this service reads, and some beside them. */
import { hmacSha256Hex } from '../../../lib/signing/bytes.ts';
import type { SampleSender } from '../sample.ts';

const EVENTS = ['new_occurrence', 'incident_triggered', 'incident_regression', 'incident_reopened'];
const URL = 'https://dashboard.gitguardian.com/workspace/1/incidents/1';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'new_occurrence',
  request({ secret, person, event, nowMs }) {
    if (!EVENTS.includes(event)) throw new Error(`the samples of this kind are: ${EVENTS.join(', ')}`);
    const body = JSON.stringify({
      source: 'GitGuardian',
      timestamp: new Date(nowMs).toISOString(),
      action: event,
      incident: { id: 1, detector: { name: 'sample_key' }, severity: 'high', gitguardian_url: URL },
      // Other events name nobody.
      ...(event === 'new_occurrence' && { occurrence: { id: 1, author_name: 'Sample', author_info: person } }),
    });
    const timestamp = String(Math.floor(nowMs / 1000));
    const signature = `sha256=${hmacSha256Hex(timestamp + secret, body)}`;
    const headers = { 'content-type': 'application/json', timestamp, 'gitguardian-signature': signature };
    return { method: 'POST', path: '', headers, body };
  },
};
