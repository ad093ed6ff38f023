/** Kinds of sources that sign with a private key, whose public part the source has. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { RequestOptions } from '../service.ts';
import { type WebhookSide, withHeader } from './side.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Source: GitHub Docs, "Implement signature verification in your secret alert service". */
function signGithub(body: string, { privateKey } = keys): RequestOptions {
  const headers = {
    'github-public-key-identifier': 'key-of-the-test',
    'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString('base64'),
  };
  return { headers, body };
}

/** The delivery has no id; what differs in the body makes it another delivery. */
const match = (token: string) => ({ token, type: 'kms_grants_access_key', url: 'https://example.com/delivery' });

export const github: WebhookSide = {
  kind: 'github',
  entry: { secrets: [keys.publicKey.export({ format: 'pem', type: 'spki' })] },
  sign: ({ body, id }) => signGithub(body.replaceAll('delivery', id)),
  forge: ({ body }) => [
    ['another body', { ...signGithub(body), body: `${body} ` }],
    ['another key', signGithub(body, otherKeys)],
    ['no signature', withHeader(signGithub(body), 'github-public-key-signature', undefined)],
  ],
  departureOf: (person) => JSON.stringify([match(person)]),
  batchOf: (people) => JSON.stringify(people.map(match)),
  oddBatchOf: (people) => JSON.stringify([{ token: 1 }, ...people.map(match)]),
  identityOf: (person) => `sha256:${createHash('sha256').update(person).digest('hex')}`,
  malformed: ['null', '{}', '[1]', '[{"token":""}]'],
};
