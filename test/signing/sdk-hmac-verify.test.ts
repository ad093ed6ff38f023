/**
 * What verifySignature accepts and refuses. The signatures are made by a second implementation, `independent.ts`.
 * Also tests: lib/signing/signed-request.ts.
 */
import { expect, test } from '@jest/globals';
import { parseAuthorization, verifySignature } from '../../lib/signing/sdk-hmac.ts';
import { type SignableRequest, SignatureError, UnknownFormError } from '../../lib/signing/signed-request.ts';
import { authorizationOf } from './independent.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 6, 27, 27);
const DATE = '20261122T062727Z';
const KEYS = { accessKey: 'ACCESSKEY', secretKey: 'secret-key' };
const BODY = '{"key_id":"k"}';

const REQUEST: SignableRequest = {
  method: 'POST',
  path: '/v1.0/p/kms/list-grants',
  query: 'a=1&b=2',
  headers: { host: 'kms.example', 'content-type': 'application/json', 'x-sdk-date': DATE },
  body: Buffer.from(BODY),
};
const SIGNED = { 'content-type': 'application/json', host: 'kms.example', 'x-sdk-date': DATE };
const PARTS = { uri: '/v1.0/p/kms/list-grants/', query: 'a=1&b=2', headers: SIGNED, body: BODY, ...KEYS };
const AUTHORIZATION = authorizationOf(PARTS);

function verify(request: Partial<SignableRequest>, authorization = AUTHORIZATION, nowMs = NOW_MS): void {
  verifySignature({ ...REQUEST, ...request }, parseAuthorization(authorization), KEYS.secretKey, nowMs);
}

/** Verifies the request with this date and a correct signature. */
function verifyDated(date: string, nowMs: number): void {
  const headers = { ...REQUEST.headers, 'x-sdk-date': date };
  verify({ headers }, authorizationOf({ ...PARTS, headers: { ...SIGNED, 'x-sdk-date': date } }), nowMs);
}

test('the request is accepted as it was signed', () => {
  expect(() => verify({})).not.toThrow();
});

test.each<[string, Partial<SignableRequest>]>([
  ['method', { method: 'PUT' }],
  ['body', { body: Buffer.from('{"key_id":"K"}') }],
  ['body, by a space', { body: Buffer.from(`${BODY} `) }],
  ['body, removed', { body: Buffer.alloc(0) }],
  ['path', { path: '/v1.0/p/kms/revoke-grant' }],
  ['path, by letter case', { path: '/v1.0/P/kms/list-grants' }],
  ['path, by an empty segment', { path: '/v1.0/p/kms//list-grants' }],
  ['query value', { query: 'a=1&b=3' }],
  ['query, one more pair', { query: 'a=1&b=2&c=3' }],
  ['query, one more pair of the same name', { query: 'a=1&a=1&b=2' }],
  ['query, one pair less', { query: 'a=1' }],
  ['query, removed', { query: '' }],
  ['signed header', { headers: { ...REQUEST.headers, host: 'other.example' } }],
  ['signed header, by letter case', { headers: { ...REQUEST.headers, 'content-type': 'application/JSON' } }],
  ['date', { headers: { ...REQUEST.headers, 'x-sdk-date': '20261122T062728Z' } }],
])('a request altered after signing is refused: %s', (_, altered) => {
  expect(() => verify(altered)).toThrow(new SignatureError('wrong signature'));
});

test.each<[string, Partial<SignableRequest>]>([
  ['the order of the query', { query: 'b=2&a=1' }],
  ['the spelling of the path', { path: '/v1%2E0/%70/kms/list-grants' }],
  ['a slash at the end of the path', { path: '/v1.0/p/kms/list-grants/' }],
  ['a header that is not signed', { headers: { ...REQUEST.headers, 'user-agent': 'x' } }],
])('a request that differs only in form is accepted: %s', (_, respelled) => {
  expect(() => verify(respelled)).not.toThrow();
});

test('a signature made with another secret key is refused', () => {
  const authorization = authorizationOf({ ...PARTS, secretKey: 'secret-kez' });
  expect(() => verify({}, authorization)).toThrow(new SignatureError('wrong signature'));
});

test.each(['content-type', 'host', 'x-sdk-date'])('a signed header that is missing is refused: %s', (name) => {
  const headers = { ...REQUEST.headers, [name]: undefined };
  expect(() => verify({ headers })).toThrow(SignatureError);
});

test.each(['constructor', '__proto__'])(
  'a signed header named like a property of every object counts as missing: %s',
  (name) => {
    const listed = [name, 'x-sdk-date'];
    expect(() =>
      verifySignature(REQUEST, { ...parseAuthorization(AUTHORIZATION), signedHeaders: listed }, '', NOW_MS),
    ).toThrow(new SignatureError('a signed header is missing'));
  },
);

test.each([
  ['15 min less 1 s ago', '20261122T061228Z', true],
  ['15 min ago', '20261122T061227Z', true],
  ['15 min and 1 s ago', '20261122T061226Z', false],
  ['15 min less 1 s ahead', '20261122T064226Z', true],
  ['15 min ahead', '20261122T064227Z', true],
  ['15 min and 1 s ahead', '20261122T064228Z', false],
  ['a day ago', '20261121T062727Z', false],
])('X-Sdk-Date %s (%s): accepted is %j', (_, date, isAccepted) => {
  if (isAccepted) expect(() => verifyDated(date, NOW_MS)).not.toThrow();
  else expect(() => verifyDated(date, NOW_MS)).toThrow(new SignatureError('X-Sdk-Date is more than 15 minutes off'));
});

test('X-Sdk-Date is refused from one millisecond beyond 15 minutes', () => {
  expect(() => verifyDated(DATE, NOW_MS + 900_000)).not.toThrow();
  expect(() => verifyDated(DATE, NOW_MS + 900_001)).toThrow(SignatureError);
  expect(() => verifyDated(DATE, NOW_MS - 900_000)).not.toThrow();
  expect(() => verifyDated(DATE, NOW_MS - 900_001)).toThrow(SignatureError);
});

test.each([
  '',
  'now',
  '2026-11-22T06:27:27Z',
  'Sun, 22 Nov 2026 06:27:27 GMT',
  '20261122T062727',
  '20261122T062727+0000',
  '20261122t062727z',
  ' 20261122T062727Z',
  '20261122T062727Z,20261122T062727Z',
  '20261322T062727Z',
  '20261122T256161Z',
  '1795328847000',
])('a malformed X-Sdk-Date is refused although the signature is correct: %j', (date) => {
  expect(() => verifyDated(date, NOW_MS)).toThrow(SignatureError);
});

test('an X-Sdk-Date that is not signed is refused', () => {
  const { 'x-sdk-date': _, ...unsigned } = SIGNED;
  const authorization = authorizationOf({ ...PARTS, headers: unsigned });
  expect(() => verify({}, authorization)).toThrow(new SignatureError('X-Sdk-Date is not signed'));
});

test('a request without a signed Host header is accepted: the Go SDK and Terraform do not sign it', () => {
  const authorization = authorizationOf({ ...PARTS, headers: { 'x-sdk-date': DATE } });
  expect(() => verify({}, authorization)).not.toThrow();
  expect(() => verify({ headers: { 'x-sdk-date': DATE } }, authorization)).not.toThrow();
});

test('the body is signed even with X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD', () => {
  const headers = { ...SIGNED, 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD', 'x-sdk-date': DATE };
  const unsigned = authorizationOf({ ...PARTS, headers, payloadHash: 'UNSIGNED-PAYLOAD' });
  expect(() => verify({ headers }, unsigned)).toThrow(new SignatureError('wrong signature'));
  expect(() => verify({ headers }, authorizationOf({ ...PARTS, headers }))).not.toThrow();
});

test('the body is signed even if X-Sdk-Content-Sha256 has the hash of another body', () => {
  const payloadHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const headers = { ...SIGNED, 'x-sdk-content-sha256': payloadHash };
  const authorization = authorizationOf({ ...PARTS, headers, payloadHash });
  expect(() => verify({ headers }, authorization)).toThrow(new SignatureError('wrong signature'));
});

test.each(['/%', '/%zz', '/%ff', '/%e5%af'])('a path with malformed percent-encoding is refused: %j', (path) => {
  expect(() => verify({ path })).toThrow(SignatureError);
});

test.each(['a=%', 'a=%zz', 'a=%ff'])('a query with malformed percent-encoding is refused: %j', (query) => {
  expect(() => verify({ query })).toThrow(SignatureError);
});

const SIGNATURE = AUTHORIZATION.slice(-64);
const HEAD = 'SDK-HMAC-SHA256 Access=ACCESSKEY, SignedHeaders=content-type;host;x-sdk-date, Signature=';

test.each([
  ['signature in upper case', HEAD + SIGNATURE.toUpperCase()],
  ['signature cut by one', HEAD + SIGNATURE.slice(0, -1)],
  ['signature longer by one', `${HEAD + SIGNATURE}0`],
  ['no signature', HEAD],
  ['signature not hex', HEAD + 'g'.repeat(64)],
  ['another scheme', (HEAD + SIGNATURE).replace('SDK-HMAC-SHA256', 'V11-HMAC-SHA256')],
  ['a longer scheme', (HEAD + SIGNATURE).replace('SDK-HMAC-SHA256', 'SDK-HMAC-SHA256X')],
  ['the scheme in lower case', (HEAD + SIGNATURE).replace('SDK-HMAC-SHA256', 'sdk-hmac-sha256')],
  ['no access key', (HEAD + SIGNATURE).replace('ACCESSKEY', '')],
  ['a space in the access key', (HEAD + SIGNATURE).replace('ACCESSKEY', 'ACCESS KEY')],
  ['no signed headers', (HEAD + SIGNATURE).replace('content-type;host;x-sdk-date', '')],
  ['an empty signed header', (HEAD + SIGNATURE).replace(';host;', ';;')],
  ['signed headers in upper case', (HEAD + SIGNATURE).replace(';host;', ';Host;')],
  ['parts in another order', `SDK-HMAC-SHA256 Signature=${SIGNATURE}, Access=A, SignedHeaders=x-sdk-date`],
  ['two joined headers', `${HEAD}${SIGNATURE},${HEAD}${SIGNATURE}`],
  ['a line break at the end', `${HEAD}${SIGNATURE}\n`],
  ['only the scheme', 'SDK-HMAC-SHA256'],
  ['an empty header', ''],
  ['Basic', 'Basic dXNlcjpwYXNzd29yZA=='],
  ['Bearer', 'Bearer token'],
])('a malformed Authorization header is refused: %s', (_, header) => {
  expect(() => parseAuthorization(header)).toThrow(new UnknownFormError('malformed Authorization header'));
});

test('a signature with one wrong digit is refused, whichever it is', () => {
  for (let at = 0; at < 64; at += 1) {
    const digit = SIGNATURE[at] === '0' ? '1' : '0';
    const wrong = SIGNATURE.slice(0, at) + digit + SIGNATURE.slice(at + 1);
    expect(() => verify({}, HEAD + wrong)).toThrow(new SignatureError('wrong signature'));
  }
});

test('a header that is listed twice is refused before the canonical request is built', () => {
  const authorization = AUTHORIZATION.replace('content-type;', 'content-type;'.repeat(5_000));
  expect(() => verify({ headers: { ...REQUEST.headers, 'content-type': 'x'.repeat(15_000) } }, authorization)).toThrow(
    new SignatureError('a header is signed twice'),
  );
});
