/** A sample of an Okta event hook. Source: Okta, "Event hooks", "Requests sent by Okta". */
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'user.lifecycle.deactivate',
  request({ secret, person, event: eventType, id, nowMs }) {
    const user = person.includes('@') ? { alternateId: person } : { id: person };
    const event = { eventType, outcome: { result: 'SUCCESS' }, target: [{ ...user, type: 'User' }] };
    const body = {
      eventType: 'com.okta.event_hook',
      eventId: id,
      eventTime: new Date(nowMs).toISOString(),
      data: { events: [event] },
    };
    const headers = { authorization: secret, 'content-type': 'application/json' };
    return { method: 'POST', path: '', headers, body: JSON.stringify(body) };
  },
};
