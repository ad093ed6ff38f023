/**
 * The console and the documentation over HTTP, as far as they are files.
 * Also tests: functions/website/, local/website.ts, local/build.js.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpContext } from '../../lib/handlers/http-context.ts';
import { websiteHandler } from '../../lib/handlers/website.ts';
import type { StaticFile } from '../../lib/http/static-file.ts';
import { ensureWebsite } from '../../local/website.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let url: string;
beforeAll(async () => {
  ensureWebsite();
  service = await startService();
  ({ url } = service);
}, 120_000);
afterAll(() => service.stop());

// Source: the Content Security Policy that OWASP and the design demand; every directive here is a literal.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

test.each(['/console', '/console/keys/01a222e2-7817-7107-8bcc-0fd158e5a953', '/docs', '/docs/errors/KMS.0306'])(
  '%s is a page with the security headers, which no cache stores',
  async (path) => {
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^<!doctype html>/i);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  },
);

test('the files of the console have a hash in their names and are kept for a year', async () => {
  const page = await (await fetch(`${url}/console`)).text();
  const files = [...page.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(files.length).toBeGreaterThan(0);
  for (const path of files) {
    const response = await fetch(url + path);
    await response.arrayBuffer();
    expect([response.status, response.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
  }
});

test('a file of another version of the console is 404 and not a page', async () => {
  const response = await fetch(`${url}/console/assets/index-00000000.js`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
  expect(await response.json()).toMatchObject({ error_code: 'APIGW.0101' });
});

test.each(['/console/../../package.json', '/console/%2e%2e/%2e%2e/package.json', '/docs/..%2f..%2fpackage.json'])(
  '%s is no way to another file',
  async (path) => {
    const body = await (await fetch(url + path)).text();
    expect(body).not.toContain('devDependencies');
  },
);

test('/openapi.json is the description of the API, and a client that has it already gets 304', async () => {
  const response = await fetch(`${url}/openapi.json`);
  expect(await response.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) });
  expect(response.headers.get('content-type')).toBe('application/json');
  const repeated = await fetch(`${url}/openapi.json`, {
    headers: { 'if-none-match': response.headers.get('etag') ?? '' },
  });
  expect([repeated.status, await repeated.text()]).toEqual([304, '']);
});

test.each([
  ['/console/', '/console'],
  ['/docs/', '/docs'],
  ['/console/?q=orders%201', '/console?q=orders%201'],
])('%s leads to the page without the slash', async (path, location) => {
  const response = await fetch(url + path, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([308, location]);
});

test('without the console, its paths do not exist, and the rest does', async () => {
  const without = await startService({ CONSOLE: 'off' });
  for (const path of ['/console', '/console/keys/x', '/console/assets/x.js']) {
    const response = await fetch(without.url + path);
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ error_code: 'APIGW.0101' }),
    ]);
  }
  expect((await fetch(`${without.url}/docs`)).status).toBe(200);
  await without.stop();
});

test('a website that is not built answers 404 and says how to build it', async () => {
  const handler = websiteHandler({ name: 'none', load: () => Promise.reject(new Error('no such module')) });
  const { statusCode, body } = await call(handler, '/none');
  expect([statusCode, body]).toEqual([404, expect.stringContaining('npm run build')]);
});

test('a website without a page for other paths answers 404 to them', async () => {
  const files: StaticFile[] = [
    { path: '/a', contentType: 'text/plain', etag: '"a"', isImmutable: false, gzip: gz('a'), br: '' },
  ];
  const handler = websiteHandler({ name: 'small', load: async () => ({ default: files }) });
  expect((await call(handler, '/a')).statusCode).toBe(200);
  expect((await call(handler, '/b')).statusCode).toBe(404);
});

const gz = (text: string) => gzipSync(text).toString('base64');

const call = (handler: ReturnType<typeof websiteHandler>, rawPath: string) =>
  handler(
    {
      version: '2.0',
      routeKey: 'GET /x',
      rawPath,
      headers: {},
      requestContext: { http: { method: 'GET', path: rawPath, sourceIp: '127.0.0.1' } },
    } as unknown as APIGatewayProxyEventV2,
    {} as HttpContext,
  );
