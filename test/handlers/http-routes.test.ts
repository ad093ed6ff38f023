/**
 * Unknown paths and methods, and the request id of every reply.
 * Also tests: functions/unmatched.ts, local/routes.ts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readRoutes } from '../../local/routes.ts';
import { KMS_APIS, minimalBodies } from '../support/apis.ts';
import { expectError } from '../support/expect-error.ts';
import { startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

const NO_API: [number, string] = [404, 'APIGW.0101'];

let service: TestService;
let headers: Record<string, string>;
let bodies: Record<string, Record<string, unknown>>;

beforeAll(async () => {
  service = await startService();
  headers = { 'X-Auth-Token': await service.token(service.creator) };
  bodies = await minimalBodies(service);
});
afterAll(() => service.stop());

test.each(KMS_APIS)(
  '%s with any method but POST is 405 KMS.0215 and changes nothing, with or without a token',
  async (name) => {
    const rows = await storedRows(service);
    const path = `/v1.0/${service.demo.project_id}/kms/${name}`;
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body = method === 'GET' ? undefined : bodies[name];
      expectError(await service.send(path, { method, headers, body }), [405, 'KMS.0215']);
      expectError(await service.send(path, { method, body }), [405, 'KMS.0215']);
    }
    const head = await service.send(path, { method: 'HEAD', headers });
    // Source: RFC 9110, section 15.5.6: a 405 must have Allow.
    expect([head.status, head.body, head.headers.get('allow')]).toEqual([405, undefined, 'POST']);
    expect(head.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(await storedRows(service)).toEqual(rows);
  },
);

test('an unknown path is 404 APIGW.0101 and changes nothing, with or without a token', async () => {
  const rows = await storedRows(service);
  const project = service.demo.project_id;
  const body = bodies['revoke-grant'];
  for (const path of [
    `/v1.0/${project}`,
    `/v1.0/${project}/kms`,
    `/v1.0/${project}/kms/`,
    `/v1.0/${project}/kms/revoke-grants`,
    `/v1.0/${project}/kms/Revoke-Grant`,
    `/v1.0/${project}/kms/revoke-grant/`,
    `/v1.0/${project}/kms/revoke-grant/x`,
    `/v1.0/${project}/kms/revoke%2Dgrant`,
    `/v1.0/${project}/kms/%72evoke-grant`,
    `/v1.0//kms/revoke-grant`,
    `//v1.0/${project}/kms/revoke-grant`,
    `/v1.0/${project}//revoke-grant`,
    `/v2/${project}/kms/revoke-grant`,
    `/v1.0/${project}/KMS/revoke-grant`,
    `/v1.0/${project}/kms/__proto__`,
    `/v1.0/${project}/kms/constructor`,
    `/v1.0/${project}/kms/%E0%A4%A`,
    '/v3/auth/token',
    '/v3/project',
    '/toString',
  ]) {
    expectError(await service.send(path, { headers, body }), NO_API);
    expectError(await service.send(path, { body }), NO_API);
  }
  expect(await storedRows(service)).toEqual(rows);
});

/** The methods of all routes that serve the path, those with parameters included. */
function methodsOf(routes: ReturnType<typeof readRoutes>, path: string): string[] {
  const served = routes.filter(({ key }) =>
    new RegExp(`^${(key.split(' ')[1] ?? '').replaceAll(/\{\w+\+?\}/g, '[^/]+')}$`).test(path),
  );
  return [...new Set(served.map(({ key }) => key.split(' ')[0] ?? ''))];
}

test('a path that has only other methods is 405 KMS.0215, and Allow lists the methods that it has', async () => {
  const routes = readRoutes().filter(({ key }) => key !== '*');
  const paths = new Set(routes.map(({ key }) => (key.split(' ')[1] ?? '').replaceAll(/\{\w+\+?\}/g, 'x')));
  expect(paths.size).toBeGreaterThan(15);
  for (const path of paths) {
    const methods = methodsOf(routes, path);
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (methods.includes(method)) continue;
      const reply = await service.send(path, { method, headers });
      expect([method, path, reply.status, reply.headers.get('allow')]).toEqual([method, path, 405, methods.join(', ')]);
      if (method !== 'HEAD') expectError(reply, [405, 'KMS.0215']);
    }
  }
});

test('an unknown path is 404 APIGW.0101 with the same text for every method', async () => {
  for (const path of [
    '/nowhere',
    '/favicon.ico',
    `/v1.0/${service.demo.project_id}/revoke-grant`,
    `/v1.0/${service.demo.project_id}/kms/create-datakey`,
    '/hooks',
    '/hooks/x/',
    '/v3/projects/x/y',
  ]) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const reply = await service.send(path, { method, headers });
      expectError(reply, NO_API);
      // Source: API Gateway, "Error Codes".
      expect(reply.body.error_msg).toBe('The API does not exist or has not been published in the environment.');
    }
    const head = await service.send(path, { method: 'HEAD', headers });
    expect([head.status, head.body]).toEqual([404, undefined]);
  }
});

test('a query string is ignored', async () => {
  const path = `/v1.0/${service.demo.project_id}/kms/list-grants?limit=0&key_id=x`;
  const { status, body } = await service.send(path, { headers, body: bodies['list-grants'] });
  expect([status, body.total]).toEqual([200, 3]);
});

test('each reply has a different request id', async () => {
  const ids = new Set<string | null>();
  for (let round = 0; round < 3; round += 1) {
    ids.add((await service.kms(service.reader, 'list-keys', {})).headers.get('x-request-id'));
    ids.add((await service.kms(service.reader, 'create-key', {})).headers.get('x-request-id'));
    ids.add((await service.send('/nowhere')).headers.get('x-request-id'));
    ids.add((await service.send('/v3/auth/tokens', { body: {} })).headers.get('x-request-id'));
    ids.add((await service.send('/v3/projects', { method: 'GET', headers })).headers.get('x-request-id'));
  }
  expect(ids.size).toBe(15);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

test('a request id that the client sends is not used', async () => {
  const sent = 'f'.repeat(32);
  const answer = await service.send('/nowhere', { headers: { 'x-request-id': sent } });
  expectError(answer, NO_API);
  expect(answer.headers.get('x-request-id')).not.toBe(sent);
});
