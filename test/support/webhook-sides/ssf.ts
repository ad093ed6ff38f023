/** A transmitter of Shared Signals. The library `jsonwebtoken` signs; the service verifies with `jose`. */
import {
  AUDIENCE,
  claimsAbout,
  hmacWith,
  ISSUER,
  jwkOf,
  newSigningKey,
  pemOf,
  RISC,
  signText,
  tokenOf,
} from '../../webhooks/inbound/ssf/transmitter.ts';
import type { RequestOptions } from '../service.ts';
import type { Delivery, WebhookSide } from './side.ts';

const key = newSigningKey('k1', 'ES256');
const stranger = newSigningKey('k1', 'ES256');
const HEADER = { kid: 'k1', typ: 'secevent+jwt' };

const eventAbout = (person: string, type = `${RISC}account-disabled`) =>
  JSON.stringify(claimsAbout(type, { format: 'iss_sub', iss: ISSUER, sub: person }));

/** Returns the content of the token, with the id and the time of the delivery. */
function contentOf({ body, id, atMs }: Delivery): string {
  return body.includes('"jti"') ? JSON.stringify({ ...JSON.parse(body), jti: id, iat: Math.floor(atMs / 1000) }) : body;
}

const requestOf = (body: string): RequestOptions => ({ headers: { 'content-type': 'application/secevent+jwt' }, body });

export const ssf: WebhookSide = {
  kind: 'ssf',
  entry: { issuer: ISSUER, audience: AUDIENCE, secrets: [JSON.stringify(jwkOf(key))] },
  path: '/events',
  acceptedStatus: 202,
  refusedStatus: 400,
  sign: (delivery) => requestOf(signText(contentOf(delivery), key)),
  forge(delivery) {
    const content = contentOf(delivery);
    const [header, , signature] = signText(content, key).split('.');
    const other = Buffer.from(`${content} `).toString('base64url');
    return [
      ['the key of a stranger', requestOf(signText(content, stranger))],
      ['the algorithm none', requestOf(tokenOf({ ...HEADER, alg: 'none' }, content, () => 'AAAA'))],
      [
        'the public key as a shared one',
        requestOf(tokenOf({ ...HEADER, alg: 'HS256' }, content, hmacWith(pemOf(key)))),
      ],
      ['another content', requestOf(`${header}.${other}.${signature}`)],
      ['no signature', requestOf(`${header}.${other}.`)],
      ['no token', requestOf(content)],
    ];
  },
  departureOf: (person) => eventAbout(person),
  unknownEvent: eventAbout('ann', `${RISC}account-enabled`),
  malformed: [
    '[]',
    'null',
    '"text"',
    '{"not',
    '{}',
    '{"iss":"a","iss":"b"}',
    JSON.stringify(claimsAbout('', undefined, {}, { jti: 'jti-1', events: {} })),
    JSON.stringify(claimsAbout('', undefined, {}, { jti: 'jti-1', events: [] })),
  ],
};
