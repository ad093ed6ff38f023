/** Code hosts and scanners, signed by the vendors' own libraries or by node:crypto; and secrets in a header. */
import { sign } from '@octokit/webhooks-methods';
import type { RequestOptions } from '../service.ts';
import { hmacHex, PLAIN_SECRET, standard } from './shared-secret.ts';
import { type Delivery, type WebhookSide, withHeader } from './side.ts';

const OTHER_SECRET = `${PLAIN_SECRET}x`;
const MINUTE_MS = 60_000;

/** The numeric id of the person at a code host. */
const numberOf = (person: string) => Number.parseInt(person.slice(0, 12), 16) + 1;

export const bearer: WebhookSide = {
  kind: 'bearer',
  entry: { secrets: [PLAIN_SECRET] },
  sign: ({ body, id }) => ({ headers: { authorization: `Bearer ${PLAIN_SECRET}`, 'webhook-id': id }, body }),
  forge: ({ body }) => [
    ['another secret', { headers: { authorization: `Bearer ${OTHER_SECRET}` }, body }],
    ['the secret in another header', { headers: { 'x-api-key': PLAIN_SECRET }, body }],
    ['no secret', { headers: {}, body }],
  ],
  departureOf: standard.departureOf,
  unknownEvent: JSON.stringify({ type: 'user.greeted', data: {} }),
  malformed: standard.malformed,
  isSentOnce: true,
};

/** Source: GitHub Docs, "Validating webhook deliveries", signed by GitHub's library. */
async function signGitHub({ body, id }: Delivery, secret = PLAIN_SECRET): Promise<RequestOptions> {
  const signature = await sign(secret, body);
  return {
    headers: { 'x-github-event': 'organization', 'x-github-delivery': id, 'x-hub-signature-256': signature },
    body,
  };
}

const organizationEvent = (action: string, user: object) =>
  JSON.stringify({ action, membership: { role: 'unaffiliated', user }, organization: { login: 'acme', id: 1 } });

export const githubOrg: WebhookSide = {
  kind: 'github-org',
  entry: { secrets: [PLAIN_SECRET] },
  sign: (delivery) => signGitHub(delivery),
  async forge(delivery) {
    const signed = await signGitHub(delivery);
    return [
      ['another body', { ...signed, body: `${delivery.body} ` }],
      ['another secret', await signGitHub(delivery, OTHER_SECRET)],
      ['no signature', withHeader(signed, 'x-hub-signature-256', undefined)],
      [
        'the signature without its algorithm',
        withHeader(signed, 'x-hub-signature-256', hmacHex(PLAIN_SECRET, delivery.body)),
      ],
    ];
  },
  departureOf: (person) => organizationEvent('member_removed', { login: 'ann', id: numberOf(person) }),
  identityOf: (person) => String(numberOf(person)),
  unknownEvent: organizationEvent('member_added', { login: 'ann', id: 1 }),
  malformed: ['null', '[]', '{"action":"member_removed"}', organizationEvent('member_removed', {}), 'payload=%7B%7D'],
  isSentOnce: true,
};

export const gitlab: WebhookSide = {
  ...standard,
  kind: 'gitlab',
  refusesUsedIds: false,
  departureOf: (person) => JSON.stringify({ event_name: 'user_destroy', user_id: numberOf(person), username: 'ann' }),
  identityOf: (person) => String(numberOf(person)),
  unknownEvent: JSON.stringify({ event_name: 'user_create', user_id: 1 }),
  malformed: ['null', '[]', '{}', '{"event_name":"user_destroy"}', '{"event_name":"user_destroy","user_id":"1"}'],
  isSentOnce: true,
};

/** Source: GitGuardian, "Custom webhook": the key is the time followed by the token. */
function signGitGuardian({ body, atMs }: Delivery, token = PLAIN_SECRET): RequestOptions {
  const timestamp = String(Math.floor(atMs / 1000));
  return { headers: { timestamp, 'gitguardian-signature': `sha256=${hmacHex(timestamp + token, body)}` }, body };
}

const incident = (action: string, author: string) =>
  JSON.stringify({ action, timestamp: 'the-delivery', incident: { id: 1 }, occurrence: { author_info: author } });

export const gitguardian: WebhookSide = {
  kind: 'gitguardian',
  entry: { secrets: [PLAIN_SECRET], trust_email: true, events: { new_occurrence: 'principal.disabled' } },
  // The delivery has no id; its time makes it another delivery.
  sign: ({ body, ...delivery }) => signGitGuardian({ ...delivery, body: body.replace('the-delivery', delivery.id) }),
  forge: (delivery) => [
    ['another body', { ...signGitGuardian(delivery), body: `${delivery.body} ` }],
    ['another secret', signGitGuardian(delivery, OTHER_SECRET)],
    ['another time', withHeader(signGitGuardian(delivery), 'timestamp', String(Math.floor(delivery.atMs / 1000) + 1))],
    ['no signature', withHeader(signGitGuardian(delivery), 'gitguardian-signature', undefined)],
    ['an old time', signGitGuardian({ ...delivery, atMs: delivery.atMs - 6 * MINUTE_MS })],
    ['a time to come', signGitGuardian({ ...delivery, atMs: delivery.atMs + 6 * MINUTE_MS })],
  ],
  departureOf: (person) => incident('new_occurrence', `${person}@example.com`),
  identityOf: (person) => `${person}@example.com`,
  unknownEvent: incident('incident_resolved', 'ann@example.com'),
  malformed: ['null', '[]', '{}', '{"action":1}', '{"matches":[]}'],
  isSentOnce: true,
};
