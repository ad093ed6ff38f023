/**
 * The derived-key form of SDK-HMAC-SHA256. The signatures were produced by gophertelekomcloud's `Sign` (revision
 * 30e33075) with a fixed time; the values of the stages in between lead to them.
 */
import { expect, test } from '@jest/globals';
import {
  canonicalRequest,
  parseAuthorization,
  signedProject,
  stringToSign,
  verifySignature,
} from '../../lib/signing/sdk-hmac.ts';
import { type SignableRequest, SignatureError, UnknownFormError } from '../../lib/signing/signed-request.ts';
import { authorizationOf } from './independent.ts';

const PROJECT = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const DATE = '20180415T042822Z';
const AT_MS = Date.UTC(2018, 3, 15, 4, 28, 22);
const NAMES = 'content-type;host;x-sdk-date';
const HEADERS = { 'content-type': 'application/json', host: '127.0.0.1:18080', 'x-sdk-date': DATE };
const REQUEST: SignableRequest = {
  method: 'POST',
  path: `/v1.0/${PROJECT}/kms/list-grants`,
  query: '',
  headers: { ...HEADERS, accept: 'application/json' },
  body: Buffer.from('{"key_id":"k"}'),
};

const header = (scope: string, names: string, signature: string) =>
  `SDK-HMAC-SHA256 Credential=AK/${scope}, SignedHeaders=${names}, Signature=${signature}`;

const verify = (request: SignableRequest, authorization: string, nowMs = AT_MS) =>
  verifySignature(request, parseAuthorization(authorization), 'SK', nowMs);

const EMPTY = '20180415///sdk_request';
const FILLED = '20180415/eu-de/kms/sdk_request';

test.each([
  [EMPTY, '69bd846aab696f629e26dbf106d24145d1daf7c257f272868dde61988c571e17'],
  [FILLED, '6c67085e78831831f5b0bad5e9dedf46bc733609ef9e356d36947883cccd995e'],
])('the known signature for the scope %s is accepted', (scope, signature) => {
  const authorization = header(scope, NAMES, signature);
  expect(parseAuthorization(authorization)).toEqual({
    accessKey: 'AK',
    scope,
    signedHeaders: NAMES.split(';'),
    signature,
  });
  expect(() => verify(REQUEST, authorization)).not.toThrow();
  expect(() => verifySignature(REQUEST, parseAuthorization(authorization), 'SL', AT_MS)).toThrow(
    new SignatureError('wrong signature'),
  );
});

test('in the derived-key form, the third line of the string to sign is the scope, and the canonical request is as in the plain form', () => {
  const canonical = canonicalRequest(REQUEST, NAMES.split(';'), FILLED);
  expect(canonical).toBe(canonicalRequest(REQUEST, NAMES.split(';')));
  expect(stringToSign(DATE, 'x', FILLED)).toBe(
    `SDK-HMAC-SHA256\n${DATE}\n${FILLED}\n2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881`,
  );
});

test.each<[string, string, SignatureError]>([
  ['another region', '20180415/eu-nl/kms/sdk_request', new SignatureError('wrong signature')],
  ['another service', '20180415/eu-de/iam/sdk_request', new SignatureError('wrong signature')],
  [
    'another day',
    '20180416/eu-de/kms/sdk_request',
    new SignatureError('the day of the scope is not that of X-Sdk-Date'),
  ],
])('a signature that was made for another scope is refused: %s', (_, scope, error) => {
  const signature = '6c67085e78831831f5b0bad5e9dedf46bc733609ef9e356d36947883cccd995e';
  expect(() => verify(REQUEST, header(scope, NAMES, signature))).toThrow(error);
});

test('the day of the scope is the UTC day of X-Sdk-Date, also in the minutes around midnight', () => {
  const signedFor = (date: string, day: string) => {
    const headers = { ...HEADERS, 'x-sdk-date': date };
    const parts = { uri: `${REQUEST.path}/`, headers, body: REQUEST.body, accessKey: 'AK', secretKey: 'SK' };
    const authorization = authorizationOf({ ...parts, derived: { region: '', service: '' } });
    return () => verify({ ...REQUEST, headers }, authorization.replace(/\d{8}\//, `${day}/`), Date.UTC(2018, 3, 16));
  };
  expect(signedFor('20180415T235959Z', '20180415')).not.toThrow();
  expect(signedFor('20180416T000000Z', '20180416')).not.toThrow();
  expect(signedFor('20180415T235959Z', '20180416')).toThrow('the day of the scope');
  expect(signedFor('20180416T000000Z', '20180415')).toThrow('the day of the scope');
});

test.each<[string, SignableRequest]>([
  ['body', { ...REQUEST, body: Buffer.from('{"key_id":"K"}') }],
  ['path', { ...REQUEST, path: `/v1.0/${PROJECT}/kms/revoke-grant` }],
  ['query', { ...REQUEST, query: 'a=1' }],
  ['signed header', { ...REQUEST, headers: { ...REQUEST.headers, host: 'other.example' } }],
  ['method', { ...REQUEST, method: 'GET' }],
])('a request that was altered after signing is refused: %s', (_, altered) => {
  const signature = '69bd846aab696f629e26dbf106d24145d1daf7c257f272868dde61988c571e17';
  expect(() => verify(altered, header(EMPTY, NAMES, signature))).toThrow(new SignatureError('wrong signature'));
});

test.each([
  ['more than 15 minutes ago', AT_MS + 900_001],
  ['more than 15 minutes ahead', AT_MS - 900_001],
])('a known signature %s is refused', (_, nowMs) => {
  const signature = '69bd846aab696f629e26dbf106d24145d1daf7c257f272868dde61988c571e17';
  expect(() => verify(REQUEST, header(EMPTY, NAMES, signature), nowMs)).toThrow(
    new SignatureError('X-Sdk-Date is more than 15 minutes off'),
  );
});

test('runs of white space in the value of a signed header are signed as one space', () => {
  const headers = { host: '127.0.0.1:18080', 'user-agent': 'golangsdk/2.0.0 \t  my   tool', 'x-sdk-date': DATE };
  const authorization = header(
    EMPTY,
    'host;user-agent;x-sdk-date',
    '2a022797710a0d9738bfa6adeb56b82275c2d6f6ea20dba7ec8363a2cb8e864f',
  );
  expect(() => verify({ ...REQUEST, headers }, authorization)).not.toThrow();
});

test.each<[string, string, string]>([
  [
    '1b885a888fc8e7eb9d67a0b46dc31cea8f42e55f99c45ad8a07832cee4572d4b',
    'GET',
    'name=eu-de_x+y&Zone=%25%2F&enabled=true',
  ],
  [
    '4ed7b3ab93de641eca1e1e04c307dd8df5049d5fd8acdeeeb032f21cf7194a40',
    'POST',
    'name=eu-de_x+y&Zone=%25%2F&enabled=true',
  ],
])('the query is signed as gophertelekomcloud signs it: %s', (signature, method, query) => {
  const request = { ...REQUEST, method, query, headers: HEADERS, body: Buffer.alloc(0) };
  expect(() => verify(request, header(EMPTY, NAMES, signature))).not.toThrow();
  expect(() => verify({ ...request, query: `${query}x` }, header(EMPTY, NAMES, signature))).toThrow('wrong signature');
});

test('the query of a POST without a body is signed as the payload', () => {
  const request = { ...REQUEST, query: 'b=x+y&a=1', body: Buffer.alloc(0) };
  const lines = canonicalRequest(request, ['x-sdk-date'], EMPTY).split('\n');
  // SHA-256 of `a=1&b=x+y`, by Python's hashlib.
  expect([lines[2], lines.at(-1)]).toEqual(['', '22915b1319465972cfbc8cd6d3ee33d36411ad61996d358aef9b6b2950ef9b86']);
  const withBody = canonicalRequest({ ...request, body: REQUEST.body }, ['x-sdk-date'], EMPTY).split('\n');
  expect(withBody[2]).toBe('a=1&b=x%20y');
});

test.each(['GET', 'POST'])(
  'a %s with a query parameter that occurs twice is refused: only one value is signed',
  (method) => {
    const request = { ...REQUEST, method, body: Buffer.alloc(0), headers: HEADERS };
    const parts = { method, uri: `${REQUEST.path}/`, headers: HEADERS, accessKey: 'AK', secretKey: 'SK' };
    const authorization = authorizationOf({ ...parts, query: 'name=a', derived: { region: '', service: '' } });
    for (const query of ['name=a&name=b', 'name=a&%6eame=b', 'name=a&name=a']) {
      expect(() => verify({ ...request, query }, authorization)).toThrow('a query parameter occurs twice');
    }
  },
);

test('X-Project-Id counts only if it is signed: gophertelekomcloud adds it after signing', () => {
  const headers = (names: string) => ({
    authorization: header(EMPTY, names, '0'.repeat(64)),
    'x-project-id': PROJECT,
  });
  expect(signedProject({ headers: headers('x-project-id;x-sdk-date') })).toBe(PROJECT);
  expect(signedProject({ headers: headers('x-sdk-date') })).toBeUndefined();
});

test.each([
  'AK',
  'AK/20180415',
  'AK/20180415/eu-de/kms',
  'AK/20180415/eu-de/kms/aws4_request',
  'AK/20180415/eu-de/kms/x/sdk_request',
  'AK/2018041/eu-de/kms/sdk_request',
  'AK/20180415/eu de/kms/sdk_request',
  '/20180415/eu-de/kms/sdk_request',
])('a malformed Credential is refused: %j', (credential) => {
  const authorization = header('', NAMES, '0'.repeat(64)).replace('AK/', credential);
  expect(() => parseAuthorization(authorization)).toThrow(new UnknownFormError('malformed Authorization header'));
});

test('a header with both forms is refused', () => {
  const signature = '0'.repeat(64);
  const both = header(EMPTY, NAMES, signature).replace('Credential', 'Access=AK, Credential');
  expect(() => parseAuthorization(both)).toThrow(UnknownFormError);
});
