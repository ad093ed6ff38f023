/** Kinds of sources with a secret that both sides know, signed by the vendors' own libraries or by openssl. */
import { createHmac } from 'node:crypto';
import { WorkOS } from '@workos-inc/node';
import { Webhook } from 'standardwebhooks';
import type { RequestOptions } from '../service.ts';
import { type Delivery, type WebhookSide, withHeader } from './side.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER_SECRET = 'whsec_bm90IGEgc2VjcmV0IGF0IGFsbCwgYnV0IGxvbmc=';
export const PLAIN_SECRET = 'plain-secret-0123456789';
const MINUTE_MS = 60_000;

const standardBody = (person: string) =>
  JSON.stringify({ type: 'principal.disabled', timestamp: '2026-11-29T10:00:00Z', data: { identity: person } });

/** Source: Standard Webhooks, signed by its reference library. */
function signStandard({ body, id, atMs }: Delivery, secret = SECRET): RequestOptions {
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), body),
  };
  return { headers, body };
}

const forgeStandard = (delivery: Delivery) =>
  [
    ['another body', { ...signStandard(delivery), body: `${delivery.body} ` }],
    ['another secret', signStandard(delivery, OTHER_SECRET)],
    ['another id', withHeader(signStandard(delivery), 'webhook-id', 'msg_other')],
    ['no signature', withHeader(signStandard(delivery), 'webhook-signature', undefined)],
    ['an old time', signStandard({ ...delivery, atMs: delivery.atMs - 6 * MINUTE_MS })],
    ['a time to come', signStandard({ ...delivery, atMs: delivery.atMs + 6 * MINUTE_MS })],
  ] as const;

export const standard: WebhookSide = {
  kind: 'standard',
  refusesUsedIds: true,
  entry: { secrets: [SECRET] },
  sign: (delivery) => signStandard(delivery),
  forge: (delivery) => [...forgeStandard(delivery)],
  departureOf: standardBody,
  unknownEvent: JSON.stringify({ type: 'user.greeted', data: {} }),
  malformed: ['null', '[]', '{}', '{"type":"principal.disabled"}', '{"type":"principal.disabled","data":[]}'],
};

const oktaEvent = (person: string) => ({
  eventType: 'user.lifecycle.deactivate',
  outcome: { result: 'SUCCESS' },
  target: [{ id: person, type: 'User', alternateId: 'someone@example.com' }],
});
const oktaBody = (...events: object[]) =>
  JSON.stringify({ eventType: 'com.okta.event_hook', eventId: EVENT_ID, data: { events } });
/** Replaced by the id of the delivery. */
const EVENT_ID = 'the-event-id';

export const okta: WebhookSide = {
  kind: 'okta',
  refusesUsedIds: true,
  entry: { secrets: [PLAIN_SECRET] },
  sign: ({ body, id }) => ({ headers: { authorization: PLAIN_SECRET }, body: body.replace(EVENT_ID, id) }),
  forge: ({ body }) => [
    ['another secret', { headers: { authorization: `${PLAIN_SECRET}x` }, body }],
    ['no secret', { headers: {}, body }],
  ],
  departureOf: (person) => oktaBody(oktaEvent(person)),
  batchOf: (people) => oktaBody(...people.map(oktaEvent)),
  oddBatchOf: (people) => oktaBody({ ...oktaEvent('nobody'), target: [] }, ...people.map(oktaEvent)),
  unknownEvent: oktaBody({ ...oktaEvent('nobody'), eventType: 'user.session.start' }),
  malformed: ['null', '[]', '{}', '{"data":{}}', '{"data":{"events":{}}}'],
};

export const workos: WebhookSide = {
  kind: 'workos',
  refusesUsedIds: true,
  entry: { secrets: [PLAIN_SECRET] },
  sign: ({ body, id, atMs }) => signWorkos(body.replace(EVENT_ID, id), atMs),
  async forge({ body, atMs }) {
    const signed = await signWorkos(body, atMs);
    return [
      ['another body', { ...signed, body: `${body} ` }],
      ['no signature', withHeader(signed, 'workos-signature', undefined)],
      ['an old time', await signWorkos(body, atMs - 4 * MINUTE_MS)],
      ['a time to come', await signWorkos(body, atMs + 4 * MINUTE_MS)],
    ];
  },
  departureOf: (person) => JSON.stringify({ id: EVENT_ID, event: 'user.deleted', data: { id: person } }),
  unknownEvent: JSON.stringify({ id: EVENT_ID, event: 'user.greeted', data: {} }),
  malformed: ['null', '[]', '{}', '{"event":"user.deleted"}', '{"event":"user.deleted","data":{}}'],
};

async function signWorkos(body: string, atMs: number): Promise<RequestOptions> {
  const signature = await new WorkOS('sk_test').webhooks.computeSignature(atMs, Buffer.from(body), PLAIN_SECRET);
  return { headers: { 'workos-signature': `t=${atMs}, v1=${signature}` }, body };
}

/** HMAC-SHA-256 as hexadecimal digits. Source: RFC 2104. */
export const hmacHex = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');
