/**
 * The version documents, which clients read without credentials.
 * Source: OpenStack Identity API v3, "List versions", "Show v3 API details"; KMS API reference, "Querying a Specified
 * Version".
 * Also tests: functions/identity/identity-version.ts, functions/identity/kms-version.ts, lib/http/serialize-version.ts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { useServices } from '../../../lib/services.ts';
import { expectError } from '../../support/expect-error.ts';
import { parseResponse, sendRaw } from '../../support/raw-http.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const get = (path: string) => service.send(path, { method: 'GET' });

const v3 = (url: string) => ({
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: `${url}/v3` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
});
const v1 = (url: string) => ({
  id: 'v1.0',
  status: 'CURRENT',
  updated: '2016-10-29T02:00:00Z',
  links: [{ rel: 'self', href: `${url}/v1.0` }],
  version: '',
  min_version: '',
});

test('GET / lists the versions of the token API and of the KMS API, with status 300 as Keystone', async () => {
  const { status, headers, body } = await get('/');
  expect([status, body]).toEqual([300, { versions: { values: [v3(service.url), v1(service.url)] } }]);
  expect(headers.get('content-type')).toBe('application/json');
});

test('GET /v3 and GET /v1.0 describe one version', async () => {
  for (const [path, version] of [
    ['/v3', v3(service.url)],
    ['/v1.0', v1(service.url)],
  ] as const) {
    const { status, body } = await get(path);
    expect([status, body]).toEqual([200, { version }]);
  }
});

test('a slash at the end of the path of a version makes no difference, as clients build /v3/ themselves', async () => {
  for (const path of ['/v3', '/v1.0']) {
    const { status, body } = await get(`${path}/`);
    expect([status, body]).toEqual([200, (await get(path)).body]);
    const refused = await service.send(`${path}/`, { method: 'POST' });
    expectError(refused, [405, 'KMS.0215']);
    expect(refused.headers.get('allow')).toBe('GET');
    expectError(await get(`${path}//`), [404, 'APIGW.0101']);
  }
});

test('each link leads to the version that it is about', async () => {
  const { body } = await get('/');
  for (const { id, links } of body.versions.values) {
    const response = await fetch(links[0].href);
    expect([response.status, await response.json()]).toEqual([200, { version: expect.objectContaining({ id }) }]);
  }
});

test('a request with an invalid Host header gets 400 and no link', async () => {
  for (const path of ['/', '/v3', '/v1.0', '/v3/']) {
    const text = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: a/b"c\r\nConnection: close\r\n\r\n`);
    const { status, body } = parseResponse(text);
    expect([path, status, body?.error_code]).toEqual([path, 400, 'APIGW.0201']);
    expect(text).not.toContain('a/b');
  }
});

test('with an external IAM, there is no token API to describe', async () => {
  const { services } = service;
  const keystone = { endpoint: 'https://iam.example.com', cacheSeconds: 30 };
  useServices({ ...services, config: { ...services.config, keystone } });
  try {
    expect((await get('/')).body).toEqual({ versions: { values: [v1(service.url)] } });
    for (const path of ['/v3', '/v3/']) expectError(await get(path), [404, 'APIGW.0101']);
    expect((await get('/v1.0')).status).toBe(200);
  } finally {
    useServices(services);
  }
});
