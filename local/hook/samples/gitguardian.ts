/** Samples of the kind `gitguardian`: the fields of the payload that this service reads, and some beside them. */
import { hmacSha256Hex } from '../../../lib/signing/bytes.ts';
import { forEvent, type SampleSender } from '../sample.ts';

const OCCURRENCE = { id: 1, author_name: 'Sample' };

/** By event, the fields about the person. Only one event has some. */
const ABOUT: Readonly<Record<string, (person: string) => object>> = {
  new_occurrence: (person) => ({ occurrence: { ...OCCURRENCE, author_info: person } }),
  incident_triggered: () => ({}),
  incident_regression: () => ({}),
  incident_reopened: () => ({}),
};
const URL = 'https://dashboard.gitguardian.com/workspace/1/incidents/1';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'new_occurrence',
  request({ secret, person, event, nowMs }) {
    const about = forEvent(ABOUT, event);
    const body = JSON.stringify({
      source: 'GitGuardian',
      timestamp: new Date(nowMs).toISOString(),
      action: event,
      incident: { id: 1, detector: { name: 'sample_key' }, severity: 'high', gitguardian_url: URL },
      ...about(person),
    });
    const timestamp = String(Math.floor(nowMs / 1000));
    const signature = `sha256=${hmacSha256Hex(timestamp + secret, body)}`;
    const headers = { 'content-type': 'application/json', timestamp, 'gitguardian-signature': signature };
    return { method: 'POST', path: '', headers, body };
  },
};
