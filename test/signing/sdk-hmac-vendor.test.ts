/**
 * Compares lib/signing/sdk-hmac.ts with the signer of the official Node core SDK (3.1.211) on random requests.
 *
 * The random requests leave out what the SDK itself signs differently from what it sends:
 * - a path that is percent-encoded already, or has one of <space> " ' < > ^ ` { | }: `url.parse` escapes these, and
 *   the signer encodes the escapes again (`%20` is signed as `%2520`); a path that ends in a Unicode space, which is
 *   cut
 *   off before the path is signed;
 * - a body that is a string: its JSON form is signed, with quotes, while the string is sent as it is;
 * - header names with an underscore: the list of names and the block of values are sorted in different orders;
 * - header values with spaces at either end: signed with the spaces, which HTTP removes;
 * - a query value of null or undefined: signed as that word, sent as an empty value;
 * - multipart bodies and `X-Sdk-Content-Sha256`: the value of that header is signed instead of the body's hash.
 * They also leave out what the vendor's SDKs do differently from each other: query names, or values of one name, whose
 * order differs before and after encoding (`a1` and `a[`, `z` and `é`). The Node, Python and Go SDKs sort before
 * encoding; the Java SDK and lib/ sort after it. No API of this service has such names.
 */
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import { expect, test } from '@jest/globals';
import { parseAuthorization, sign, verifySignature } from '../../lib/signing/sdk-hmac.ts';
import type { SignableRequest } from '../../lib/signing/signed-request.ts';
import { randomFrom } from './random.ts';

const REQUESTS = 1000;
const SEED = 20_261_122;
const NOW_MS = Date.UTC(2026, 10, 22, 6, 27, 27);

const { next: random, below, oneOf, text: textOf } = randomFrom(SEED);
const repeat = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

const PLAIN = [...'abcxyzABCXYZ0189-_.~'];
const RESERVED = [...'!$&\'()*+,;=:@/?#[]% "<>\\^`{|}'];
const WIDE = ['é', 'ß', '\u00a0', '密', '钥', '\u2028', 'ﬃ', '🔑', '𝛂'];
/** The reserved characters that `url.parse` does not change within a path. */
const PATH_SAFE = [...'!$&()*+,;=:@[]'];

const anyText = () => textOf([...PLAIN, ...RESERVED, ...WIDE], below(12));
/** Begins and ends with a letter: URLs resolve `.` and `..`, and the SDK cuts off a space at the end. */
const segment = () => `s${textOf([...PLAIN, ...PATH_SAFE, ...WIDE], below(12))}e`;

function randomQuery(): Record<string, string | string[]> {
  if (random() < 0.3) return {};
  if (random() < 0.2) return { [`${anyText()}q`]: anyText() };
  const query: Record<string, string | string[]> = {};
  for (const name of repeat(1 + below(5), () => `${textOf(PLAIN, below(6))}q`)) {
    query[name] = random() < 0.3 ? repeat(below(4), () => textOf(PLAIN, below(6))) : anyText();
  }
  return query;
}

function randomData(): object | undefined {
  if (random() < 0.25) return undefined;
  if (random() < 0.1) return {};
  return Object.fromEntries(repeat(1 + below(4), () => [anyText(), random() < 0.5 ? anyText() : below(1e6)]));
}

/** Formats the query as the SDK's HTTP client does. */
function formatQuery(query: Record<string, string | string[]>): string {
  return Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
    .join('&');
}

function randomExchange(): { request: SignableRequest; authorization: string; accessKey: string; secretKey: string } {
  const accessKey = textOf([...'ABCDEFGHIJ0123456789'], 20);
  const secretKey = textOf([...'abcdefghijABCDEFGHIJ0123456789'], 40);
  const path = `/${repeat(below(5), segment).join('/')}${oneOf(['', '/'])}`.replace('//', '/');
  const url = `http://${oneOf(['127.0.0.1:8080', 'kms.example.com', 'localhost'])}${path}`;
  const query = randomQuery();
  const data = randomData();
  const method = oneOf(['GET', 'POST', 'PUT', 'DELETE']);
  const headers: Record<string, string> = {
    'X-Sdk-Date': '20261122T062727Z',
    ...(random() < 0.7 && { 'content-type': 'application/json' }),
    ...(random() < 0.7 && { 'X-Project-Id': textOf([...'0123456789abcdef'], 32) }),
    ...(random() < 0.3 && { [`X-${textOf([...'abcz09'], 3)}-Test`]: `${textOf(PLAIN, 5)}  ${textOf(PLAIN, 3)}` }),
  };
  const signed = AKSKSigner.sign(
    { endpoint: url, method, headers, queryParams: structuredClone(query), data },
    new BasicCredentials().withAk(accessKey).withSk(secretKey),
  ) as Record<string, string>;
  const request = {
    method,
    path: new URL(url).pathname,
    query: formatQuery(query),
    headers: Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(data === undefined ? '' : JSON.stringify(data)),
  };
  return { request, authorization: signed['Authorization'] ?? '', accessKey, secretKey };
}

const EXCHANGES = repeat(REQUESTS, randomExchange);

test(`the signature of ${REQUESTS} random requests equals the vendor SDK's`, () => {
  for (const { request, authorization, ...keys } of EXCHANGES) {
    const { signedHeaders } = parseAuthorization(authorization);
    expect({ request, authorization: sign(request, keys, signedHeaders) }).toEqual({ request, authorization });
  }
});

test(`the vendor SDK's signature of ${REQUESTS} random requests verifies, but not with another secret`, () => {
  for (const { request, authorization, secretKey } of EXCHANGES) {
    const parsed = parseAuthorization(authorization);
    expect(() => verifySignature(request, parsed, secretKey, NOW_MS)).not.toThrow();
    expect(() => verifySignature(request, parsed, `${secretKey}x`, NOW_MS)).toThrow('wrong signature');
  }
});

test('the random requests cover encoded paths, repeated and empty queries, and empty bodies', () => {
  const has = (matches: (request: SignableRequest) => boolean) =>
    EXCHANGES.filter(({ request }) => matches(request)).length >= 20;
  expect(has(({ path }) => /%[C-F]/.test(path))).toBe(true);
  expect(has(({ path }) => /[!$()*+,;=:@[\]]/.test(path))).toBe(true);
  expect(has(({ query }) => /(?:^|&)([^=&]+)=[^&]*&\1=/.test(query))).toBe(true);
  expect(has(({ query }) => /%20/.test(query))).toBe(true);
  expect(has(({ query }) => query === '')).toBe(true);
  expect(has(({ body }) => body.length === 0)).toBe(true);
  expect(has(({ body }) => Buffer.from(body).toString() === '{}')).toBe(true);
});
