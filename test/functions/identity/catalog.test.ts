/**
 * The service catalog and the lists by which OpenStack clients find regions, domains and projects.
 * Source: OpenStack Identity API v3, "Get service catalog", "List regions", "Get available domain scopes".
 * Also tests: functions/identity/domains.ts, functions/identity/regions.ts, lib/http/serialize-catalog.ts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationOf, sdkDateOf } from '../../signing/independent.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
let headers: Record<string, string>;
let foreigner: { project_id: string; domain_id: string };
beforeAll(async () => {
  service = await startService({ REGION: 'eu-de' });
  foreigner = await service.foreignUser();
  headers = { 'X-Auth-Token': await service.token(service.reader) };
});
afterAll(() => service.stop());

const get = (path: string) => service.send(path, { method: 'GET', headers });

test('the catalog has the token API and the KMS API at the host of the request, in the region of the setting', async () => {
  const { status, body } = await get('/v3/auth/catalog');
  const entry = (type: string, path: string) => ({
    id: type,
    type,
    name: type,
    endpoints: [
      { id: `${type}-public`, interface: 'public', region: 'eu-de', region_id: 'eu-de', url: service.url + path },
    ],
  });
  expect([status, body]).toEqual([
    200,
    {
      catalog: [entry('identity', '/v3'), entry('kms', '/v1.0'), entry('kmsv1', `/v1.0/${service.demo.project_id}`)],
      links: { self: '/v3/auth/catalog', next: null, previous: null },
    },
  ]);
});

test('for a signature, the catalog has the project of X-Project-Id, if the caller has a role in it', async () => {
  const typesWith = async (projectId: string) => {
    const { body } = await service.send('/v3/auth/catalog', { method: 'GET', headers: signedWith(projectId) });
    return body.catalog.map(({ type, endpoints }: { type: string; endpoints: { url: string }[] }) =>
      type === 'kmsv1' ? endpoints[0]?.url : type,
    );
  };
  const { project_id } = service.demo;
  expect(await typesWith(project_id)).toEqual(['identity', 'kms', `${service.url}/v1.0/${project_id}`]);
  for (const other of [foreigner.project_id, 'x', '']) expect(await typesWith(other)).toEqual(['identity', 'kms']);
});

/** As gophertelekomcloud sends it: X-Project-Id is added after signing. */
function signedWith(projectId: string): Record<string, string> {
  const signed = { 'x-sdk-date': sdkDateOf(service.clock.nowMs) };
  const { access_key: accessKey, secret_key: secretKey } = service.reader;
  const parts = { method: 'GET', uri: '/v3/auth/catalog/', headers: signed, accessKey, secretKey };
  const authorization = authorizationOf({ ...parts, derived: { region: '', service: '' } });
  return { ...signed, authorization, 'x-project-id': projectId };
}

test('the regions are the one region of the setting', async () => {
  const { status, body } = await get('/v3/regions');
  expect([status, body.regions]).toEqual([
    200,
    [{ id: 'eu-de', type: 'public', description: '', parent_region_id: null, links: { self: '/v3/regions/eu-de' } }],
  ]);
});

test("the domains are the caller's own domain, if it has the given name", async () => {
  const id = service.reader.domain_id;
  const domain = { id, name: 'demo', enabled: true, description: '', links: { self: `/v3/domains/${id}` } };
  for (const path of ['/v3/auth/domains', '/v3/domains']) {
    expect((await get(path)).body).toEqual({ domains: [domain], links: { self: path, next: null, previous: null } });
    expect((await get(`${path}?name=demo`)).body.domains).toEqual([domain]);
    expect((await get(`${path}?name=other`)).body.domains).toEqual([]);
  }
  const { status, body } = await get(`/v3/domains/${id}`);
  expect([status, body]).toEqual([200, { domain }]);
});

test('a domain other than that of the caller and an unknown one get the same 404', async () => {
  for (const id of [foreigner.domain_id, '0'.repeat(32), 'demo', '%00']) {
    const answer = await get(`/v3/domains/${id}`);
    expectKeystoneError(answer, 404, 'Not Found');
    expect(answer.body.error.message).toBe('The resource could not be found.');
  }
});

test.each([
  '/v3/auth/catalog',
  '/v3/auth/projects',
  '/v3/auth/domains',
  '/v3/domains/x',
  '/v3/projects/x',
  '/v3/regions',
])('GET %s without valid credentials is 401', async (path) => {
  expectError(await service.send(path, { method: 'GET' }), [401, 'APIGW.0301']);
  expectError(await service.send(path, { method: 'GET', headers: { 'X-Auth-Token': 'x' } }), [401, 'APIGW.0301']);
});
