/** A sample of the kind `bearer`: somebody has left. */
import { meaningOf } from '../../../lib/webhooks/inbound/source.ts';
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'principal.disabled',
  request({ secret, person, event, id, source, nowMs }) {
    if (meaningOf(source, event) !== 'principal.disabled') {
      throw new Error('a sample of this kind must be an event that means principal.disabled for the source');
    }
    const { header } = source.settings as { header?: string };
    const body = { id, type: event, timestamp: new Date(nowMs).toISOString(), data: { identity: person } };
    return {
      method: 'POST',
      path: '',
      headers: {
        ...(header === undefined ? { authorization: `Bearer ${secret}` } : { [header.toLowerCase()]: secret }),
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    };
  },
};
