import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tokensOf } from '../../../lib/identity/tokens.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

/** Source: IAM API reference, "Querying Project Information Based on the Specified Criteria". */
let service: TestService;
let secondId: string;
let foreignId: string;
beforeAll(async () => {
  service = await startService({ REGION: 'eu-de' });
  const { accounts } = service.services;
  const { project } = await accounts.createProject('eu-de_second', 'demo');
  secondId = project.projectId;
  await accounts.addRole(service.grantee.user_id, secondId, 'KMS CMKReadOnlyAccess');
  foreignId = (await service.foreignUser()).project_id;
});
afterAll(() => service.stop());

async function list(user: DemoUser, query = '') {
  const headers = { 'X-Auth-Token': await service.token(user) };
  return service.send(`/v3/projects${query}`, { method: 'GET', headers });
}

test("GET /v3/projects lists the projects in which the caller has a role, sorted by name, in Keystone's form", async () => {
  const { status, body } = await list(service.grantee);
  const { domain_id } = service.grantee;
  const form = { domain_id, parent_id: domain_id, is_domain: false, enabled: true, description: '' };
  const first = service.demo.project_id;
  expect([status, body]).toEqual([
    200,
    {
      projects: [
        { ...form, id: first, name: 'eu-de', links: { self: `/v3/projects/${first}` } },
        { ...form, id: secondId, name: 'eu-de_second', links: { self: `/v3/projects/${secondId}` } },
      ],
      links: { self: '/v3/projects', next: null, previous: null },
    },
  ]);
});

test('GET /v3/auth/projects and /v3/users/{user_id}/projects return the same projects', async () => {
  const headers = { 'X-Auth-Token': await service.token(service.grantee) };
  const { body: all } = await list(service.grantee);
  for (const path of ['/v3/auth/projects', `/v3/users/${service.grantee.user_id}/projects`]) {
    const { status, body } = await service.send(path, { method: 'GET', headers });
    expect([status, body.projects]).toEqual([200, all.projects]);
    expect(body.links).toEqual({ self: path, next: null, previous: null });
  }
});

test('GET /v3/projects/{id} returns a project in which the caller has a role, as `openstack project show` needs it', async () => {
  const headers = { 'X-Auth-Token': await service.token(service.grantee) };
  const { body: all } = await list(service.grantee);
  for (const project of all.projects) {
    const { status, body } = await service.send(`/v3/projects/${project.id}`, { method: 'GET', headers });
    expect([status, body]).toEqual([200, { project }]);
  }
});

test("a project without a role, another domain's project and an unknown one get the same 404", async () => {
  const headers = { 'X-Auth-Token': await service.token(service.creator) };
  for (const id of [secondId, foreignId, '0'.repeat(32), 'eu-de', '%00']) {
    const answer = await service.send(`/v3/projects/${id}`, { method: 'GET', headers });
    expectKeystoneError(answer, 404, 'Not Found');
    expect(answer.body.error.message).toBe('The resource could not be found.');
  }
});

test('the projects of another user, or of nobody, are 403', async () => {
  const headers = { 'X-Auth-Token': await service.token(service.grantee) };
  for (const userId of [service.creator.user_id, 'x']) {
    const answer = await service.send(`/v3/users/${userId}/projects`, { method: 'GET', headers });
    expectError(answer, [403, 'APIGW.0302']);
  }
});

test('GET /v3/projects?name= returns the project of that name, as SDKs look up the project of a region', async () => {
  const idsOf = async (user: DemoUser, query: string) =>
    (await list(user, query)).body.projects.map(({ id }: { id: string }) => id);
  expect(await idsOf(service.grantee, '?name=eu-de')).toEqual([service.demo.project_id]);
  expect(await idsOf(service.grantee, '?name=eu-de_second')).toEqual([secondId]);
  expect(await idsOf(service.grantee, '?enabled=true&name=eu%2Dde')).toEqual([service.demo.project_id]);
  for (const query of ['?name=eu-de_second', '?name=elsewhere', '?name=EU-DE', '?name=eu', '?name=%']) {
    expect([query, await idsOf(service.creator, query)]).toEqual([query, []]);
  }
});

test("a token without a project lists the user's projects too", async () => {
  const { user_id: id, password } = service.grantee;
  const { token } = await tokensOf(service.services).issue({ user: { id }, password });
  const { body } = await service.send('/v3/projects', { method: 'GET', headers: { 'X-Auth-Token': token } });
  expect(body.projects).toHaveLength(2);
});

test('GET /v3/projects accepts the body {}, which the Node SDK sends', async () => {
  const token = await service.token(service.creator);
  const status = await new Promise((resolve, reject) => {
    const headers = { 'X-Auth-Token': token, 'content-type': 'application/json', 'content-length': 2 };
    const sent = request(`${service.url}/v3/projects?name=eu-de`, { method: 'GET', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end('{}');
  });
  expect(status).toBe(200);
});

test('GET /v3/projects without credentials, or with an unknown token, is 401', async () => {
  expectError(await service.send('/v3/projects', { method: 'GET' }), [401, 'APIGW.0301']);
  const headers = { 'X-Auth-Token': 'garbage' };
  expectError(await service.send('/v3/projects', { method: 'GET', headers }), [401, 'APIGW.0301']);
});
