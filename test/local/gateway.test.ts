/**
 * What the gateway does before it calls a handler: CORS, and requests that are not valid HTTP.
 * Also tests: local/gateway/.
 */
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

describe('CORS', () => {
  const corsOf = (headers: Headers) =>
    [...headers].filter(([name]) => name.startsWith('access-control-') && name !== 'access-control-max-age');

  test.each([APP, 'http://localhost:5173'])(
    'a preflight from the allowed origin %s gets 204 with the allowed methods and headers',
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

  test('every reply to an allowed origin, errors included, is readable by the browser, with its request id', async () => {
    const list = `/v1.0/${service.demo.project_id}/kms/list-keys`;
    for (const [to, request, status] of [
      [list, { headers: { 'X-Auth-Token': token } }, 200],
      [list, {}, 401],
      ['/nowhere', {}, 404],
      [list, { method: 'GET' }, 405],
      ['/v3/auth/tokens', { body: {} }, 400],
      [list, { body: Buffer.alloc(3 * 1024 * 1024) }, 413],
    ] as const) {
      const reply = await service.send(to, {
        ...request,
        headers: { ...('headers' in request && request.headers), origin: APP },
      });
      expect([to, reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([to, status, APP]);
      expect(reply.headers.get('access-control-expose-headers')?.split(',')).toEqual(
        expect.arrayContaining(['x-request-id', 'x-subject-token']),
      );
      expect(reply.headers.get('vary')).toBe('Origin');
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
  ])('the origin %s, which is not allowed, gets no CORS headers', async (origin) => {
    const preflightHeaders = { origin, 'access-control-request-method': 'POST' };
    const preflight = await service.send(path, { method: 'OPTIONS', headers: preflightHeaders });
    expect([preflight.status, corsOf(preflight.headers)]).toEqual([405, []]);
    const reply = await service.send('/nowhere', { headers: { origin } });
    expect([reply.status, corsOf(reply.headers)]).toEqual([404, []]);
  });

  test('a request without Origin gets no CORS headers', async () => {
    const { headers } = await service.send('/nowhere');
    expect(corsOf(headers)).toEqual([]);
  });

  test('an OPTIONS request that is not a preflight gets 405', async () => {
    const { status } = await service.send(path, { method: 'OPTIONS', headers: { origin: APP } });
    expect(status).toBe(405);
  });
});

describe('HTTP', () => {
  const post = (lines: string[], body = '') => [`POST ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
  const auth = () => `X-Auth-Token: ${token}`;

  test.each([
    ['bytes that are not HTTP', () => 'GARBAGE\r\n\r\n'],
    ['another protocol', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['another version of HTTP', () => `POST ${path} HTTP/9.9\r\nHost: a\r\n\r\n`],
    ['a space in the path', () => `POST ${path} x HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a header without a colon', () => post(['Host: a', auth(), 'broken'])],
    ['a header value with a NUL', () => post(['Host: a', 'X-Auth-Token: a\0b'])],
    ['a header name with a space', () => post(['Host: a', 'X-Auth-Token : a'])],
    [
      'both Content-Length and Transfer-Encoding',
      () => post(['Host: a', auth(), 'Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ],
    [
      'two different values of Content-Length',
      () => post(['Host: a', auth(), 'Content-Length: 2', 'Content-Length: 3'], '{} '),
    ],
    ['a Content-Length that is not a number', () => post(['Host: a', auth(), 'Content-Length: -1'])],
    [
      'a chunk without a valid length',
      () => post(['Host: a', auth(), 'Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    ],
    ['no Host header', () => post([auth(), 'Content-Length: 2'], '{}')],
  ])('%s gets 400 as JSON, and the connection is closed', async (_, request) => {
    const rows = await storedRows(service);
    const reply = parseResponse(await sendRaw(service.url, request()));
    expect(reply.headers.get('connection')).toBe('close');
    expectError(reply, [400, 'APIGW.0201']);
    expect(await storedRows(service)).toEqual(rows);
  });

  test('headers of more than 32 KiB get 431 as JSON, and the connection is closed', async () => {
    const reply = parseResponse(await sendRaw(service.url, post(['Host: a', `X-Fill: ${'x'.repeat(33 * 1024)}`])));
    expect(reply.headers.get('connection')).toBe('close');
    expectError(reply, [431, 'APIGW.0201']);
  });

  test('a token of 30,000 characters is read, and rejected with 401', async () => {
    const reply = await service.send(path, { headers: { 'X-Auth-Token': 'x'.repeat(30_000) } });
    expectError(reply, [401, 'APIGW.0301']);
  });

  test('an unknown Expect header gets 417 with a request id', async () => {
    const reply = parseResponse(await sendRaw(service.url, post(['Host: a', 'Expect: tea', 'Connection: close'])));
    expect(reply.status).toBe(417);
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a chunked body after Expect: 100-continue is read as one body', async () => {
    const grant = JSON.stringify(service.demo.grants[0]);
    const half = grant.length >> 1;
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const lines = ['Host: a', auth(), 'Connection: close', 'Expect: 100-continue', 'Transfer-Encoding: chunked'];
    const body = `${chunk(grant.slice(0, half))}${chunk(grant.slice(half))}0\r\n\r\n`;
    const [before = '', ...after] = (await sendRaw(service.url, post(lines, body))).split('\r\n\r\n');
    expect(before).toBe('HTTP/1.1 100 Continue');
    expect(parseResponse(after.join('\r\n\r\n'))).toMatchObject({ status: 200, body: {} });
  });

  test('two X-Auth-Token headers are rejected with 401', async () => {
    const body = JSON.stringify(service.demo.grants[1]);
    const lines = ['Host: a', auth(), auth(), 'Connection: close', `Content-Length: ${body.length}`];
    expectError(parseResponse(await sendRaw(service.url, post(lines, body))), [401, 'APIGW.0301']);
  });
});
