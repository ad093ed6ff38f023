/** What the gateway does before a function is asked: browsers of other origins, and what is not HTTP. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectError } from '../support/expect-error.ts';
import { parseResponse, sendRaw } from '../support/raw-http.ts';
import { startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

const APP = 'https://app.example.com';

let service: TestService;
let path: string;
let token: string;
beforeAll(async () => {
  service = await startService({ CORS_ORIGINS: `${APP}, http://localhost:5173` });
  path = `/v1.0/${service.demo.project_id}/kms/revoke-grant`;
  token = await service.token(service.creator);
});
afterAll(() => service.stop());

describe('a browser', () => {
  const corsOf = (headers: Headers) =>
    [...headers].filter(([name]) => name.startsWith('access-control-') && name !== 'access-control-max-age');

  test.each([APP, 'http://localhost:5173'])(
    'of the origin %s may ask first: 204 with what it may send',
    async (origin) => {
      const { status, headers, body } = await service.send(path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-auth-token' },
      });
      expect([status, body, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
        204,
        undefined,
        origin,
        'Origin',
      ]);
      expect(headers.get('access-control-allow-methods')?.split(',')).toEqual(expect.arrayContaining(['GET', 'POST']));
      expect(headers.get('access-control-allow-headers')?.split(',')).toEqual(
        expect.arrayContaining(['content-type', 'x-auth-token', 'x-subject-token', 'authorization', 'x-sdk-date']),
      );
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('of an allowed origin may read each reply, refusals too, and the request id', async () => {
    const list = `/v1.0/${service.demo.project_id}/kms/list-keys`;
    for (const [to, ask, status] of [
      [list, { headers: { 'X-Auth-Token': token } }, 200],
      [list, {}, 401],
      ['/nowhere', {}, 404],
      [list, { method: 'GET' }, 405],
      ['/v3/auth/tokens', { body: {} }, 400],
      [list, { body: Buffer.alloc(3 * 1024 * 1024) }, 413],
    ] as const) {
      const answer = await service.send(to, { ...ask, headers: { ...('headers' in ask && ask.headers), origin: APP } });
      expect([to, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([to, status, APP]);
      expect(answer.headers.get('access-control-expose-headers')?.split(',')).toEqual(
        expect.arrayContaining(['x-request-id', 'x-subject-token']),
      );
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  test.each([
    'https://evil.example.com',
    'https://app.example.com.evil.example',
    'https://app.example.com:8443',
    'http://app.example.com',
    'https://APP.example.com',
    'null',
    '*',
  ])('of the origin %s is told nothing that lets it', async (origin) => {
    const asked = { origin, 'access-control-request-method': 'POST' };
    const preflight = await service.send(path, { method: 'OPTIONS', headers: asked });
    expect([preflight.status, corsOf(preflight.headers)]).toEqual([405, []]);
    const answer = await service.send('/nowhere', { headers: { origin } });
    expect([answer.status, corsOf(answer.headers)]).toEqual([404, []]);
  });

  test('is not needed: without Origin there is no word of it', async () => {
    const { headers } = await service.send('/nowhere');
    expect(corsOf(headers)).toEqual([]);
  });

  test('that asks with OPTIONS but not first gets no 204', async () => {
    const { status } = await service.send(path, { method: 'OPTIONS', headers: { origin: APP } });
    expect(status).toBe(405);
  });
});

describe('on the wire', () => {
  const post = (lines: string[], body = '') => [`POST ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
  const auth = () => `X-Auth-Token: ${token}`;

  test.each([
    ['no HTTP at all', () => 'GARBAGE\r\n\r\n'],
    ['another protocol', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['another version of HTTP', () => `POST ${path} HTTP/9.9\r\nHost: a\r\n\r\n`],
    ['a space in the path', () => `POST ${path} x HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a header without a colon', () => post(['Host: a', auth(), 'broken'])],
    ['a header value with a NUL', () => post(['Host: a', 'X-Auth-Token: a\0b'])],
    ['a header name with a space', () => post(['Host: a', 'X-Auth-Token : a'])],
    [
      'both lengths of a body',
      () => post(['Host: a', auth(), 'Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ],
    ['two different lengths', () => post(['Host: a', auth(), 'Content-Length: 2', 'Content-Length: 3'], '{} ')],
    ['a length that is no number', () => post(['Host: a', auth(), 'Content-Length: -1'])],
    [
      'a chunk without a length',
      () => post(['Host: a', auth(), 'Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    ],
    ['no Host', () => post([auth(), 'Content-Length: 2'], '{}')],
  ])('%s is 400 as JSON, and the connection ends', async (_, request) => {
    const rows = await storedRows(service);
    const reply = parseResponse(await sendRaw(service.url, request()));
    expect(reply.headers.get('connection')).toBe('close');
    expectError(reply, [400, 'APIGW.0201']);
    expect(await storedRows(service)).toEqual(rows);
  });

  test('headers of more than 32 KiB are 431 as JSON, and the connection ends', async () => {
    const reply = parseResponse(await sendRaw(service.url, post(['Host: a', `X-Fill: ${'x'.repeat(33 * 1024)}`])));
    expect(reply.headers.get('connection')).toBe('close');
    expectError(reply, [431, 'APIGW.0201']);
  });

  test('a token of 30,000 characters still fits, and is none', async () => {
    const reply = await service.send(path, { headers: { 'X-Auth-Token': 'x'.repeat(30_000) } });
    expectError(reply, [401, 'APIGW.0301']);
  });

  test('an expectation that nobody knows is refused with a request id too', async () => {
    const reply = parseResponse(await sendRaw(service.url, post(['Host: a', 'Expect: tea', 'Connection: close'])));
    expect(reply.status).toBe(417);
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a body in chunks is one body, and a client may ask before it sends', async () => {
    const grant = JSON.stringify(service.demo.grants[0]);
    const half = grant.length >> 1;
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const lines = ['Host: a', auth(), 'Connection: close', 'Expect: 100-continue', 'Transfer-Encoding: chunked'];
    const body = `${chunk(grant.slice(0, half))}${chunk(grant.slice(half))}0\r\n\r\n`;
    const [before = '', ...after] = (await sendRaw(service.url, post(lines, body))).split('\r\n\r\n');
    expect(before).toBe('HTTP/1.1 100 Continue');
    expect(parseResponse(after.join('\r\n\r\n'))).toMatchObject({ status: 200, body: {} });
  });

  test('a token in two headers is none', async () => {
    const body = JSON.stringify(service.demo.grants[1]);
    const lines = ['Host: a', auth(), auth(), 'Connection: close', `Content-Length: ${body.length}`];
    expectError(parseResponse(await sendRaw(service.url, post(lines, body))), [401, 'APIGW.0301']);
  });
});
