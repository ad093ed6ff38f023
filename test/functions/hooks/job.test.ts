/** GET /hooks/jobs/{id}: who may read a job, and which parts of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import { tokensOf } from '../../../lib/identity/tokens.ts';
import { sign } from '../../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../../webhooks/fixture.ts';

const UNKNOWN_ID = 'f'.repeat(32);

let fixture: WebhookFixture;
/** The id of a job of both projects, and of a job of the demo project only. */
let sharedJobId: string;
let demoJobId: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  const data = { grantee_principal: UNKNOWN_ID };
  sharedJobId = (await fixture.sendEventAndWait({ type: 'principal.disabled', data })).body.job_id;
  const grant = { key_id: fixture.service.demo.keys[0]?.key_id, grant_id: '0'.repeat(64) };
  demoJobId = (await fixture.sendEventAndWait({ type: 'grant.revoke', data: grant }, { source: 'narrow' })).body.job_id;
});
afterAll(() => fixture.stop());

const read = (jobId: string, headers: Record<string, string>) =>
  fixture.service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers });

async function tokenHeader(user: DemoUser, projectId?: string) {
  return { 'X-Auth-Token': await fixture.service.token(user, projectId) };
}

/** @param projectId sent as X-Project-Id, which SDKs include in the signature */
function signedHeaders(user: DemoUser, jobId: string, projectId?: string): Record<string, string> {
  const date = new Date(fixture.service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { 'x-sdk-date': date, ...(projectId !== undefined && { 'x-project-id': projectId }) };
  const request = { method: 'GET', path: `/hooks/jobs/${jobId}`, query: '', headers, body: new Uint8Array() };
  const keys = { accessKey: user.access_key, secretKey: user.secret_key };
  return { ...headers, authorization: sign(request, keys, Object.keys(headers).sort()) };
}

test('missing or wrong credentials, or the signature of a source, get 401', async () => {
  const { creator } = fixture.service;
  const forged = { ...creator, secret_key: `${creator.secret_key}x` };
  const none: Record<string, string>[] = [{}, { 'X-Auth-Token': 'garbage' }, { 'webhook-signature': 'v1,AAAA' }];
  for (const headers of [...none, signedHeaders(forged, sharedJobId, fixture.service.demo.project_id)]) {
    for (const id of [sharedJobId, UNKNOWN_ID]) expectError(await read(id, headers), [401, 'APIGW.0301']);
  }
});

test('a caller who may list grants in a project of the job may read it, with a token or a signature', async () => {
  const { creator, reader, demo } = fixture.service;
  const job = okBody(await read(sharedJobId, await tokenHeader(creator)));
  expect(job).toMatchObject({ job_id: sharedJobId, state: 'nothing-found', source: 'hr' });
  expect(okBody(await read(sharedJobId, await tokenHeader(reader)))).toEqual(job);
  expect(okBody(await read(sharedJobId, signedHeaders(creator, sharedJobId, demo.project_id)))).toEqual(job);
});

test('the job of a delivery without events can be read', async () => {
  const { creator, services } = fixture.service;
  const job = (await services.store.jobs.job(demoJobId)) as Job;
  const jobId = 'e'.repeat(32);
  await services.store.jobs.add({ ...job, jobId, tasks: [], state: 'ignored' });
  const { body } = await read(jobId, await tokenHeader(creator));
  expect(body).toMatchObject({ job_id: jobId, state: 'ignored', tasks: [] });
});

test('an X-Project-Id that the signature does not cover is ignored: 403', async () => {
  const { creator, demo } = fixture.service;
  const headers = { ...signedHeaders(creator, sharedJobId), 'x-project-id': demo.project_id };
  expectError(await read(sharedJobId, headers), [403, 'KMS.0321']);
});

test('a job of another project returns the same 404 as an unknown job', async () => {
  const { foreignUser } = fixture;
  const headers = await tokenHeader(foreignUser, foreignUser.project_id);
  const [foreign, absent] = [await read(demoJobId, headers), await read(UNKNOWN_ID, headers)];
  expectError(foreign, [404, 'APIGW.0101']);
  expectError(absent, [404, 'APIGW.0101']);
  expect(foreign.body.error).toEqual(absent.body.error);
  expectError(await read(demoJobId, signedHeaders(foreignUser, demoJobId, foreignUser.project_id)), [
    404,
    'APIGW.0101',
  ]);
});

test.each([
  ['short', 'x'],
  ['NUL', '%00'],
  ['long', 'a'.repeat(2000)],
  ['longer than a key of the store', 'a'.repeat(6000)],
  ['in upper case', UNKNOWN_ID.toUpperCase()],
])('a malformed job id, %s, answers 404', async (_, id) => {
  expectError(await read(id, await tokenHeader(fixture.service.creator)), [404, 'APIGW.0101']);
});

test('of a job with several projects, a caller sees only the part of their own project', async () => {
  const { service, foreignUser } = fixture;
  const [own, foreign] = [service.demo.project_id, foreignUser.project_id];
  const { jobs } = service.services.store;
  const leftovers = [own, foreign].map((projectId) => ({
    projectId,
    keyId: `k-${projectId}`,
    grantId: `g-${projectId}`,
    code: 'KMS.0101',
    task: 0,
  }));
  const job = await jobs.job(sharedJobId);
  await jobs.save({ ...job, state: 'leftovers', leftovers } as Job);
  const task = { type: 'principal.disabled', grantee_principal: UNKNOWN_ID };
  for (const [user, ownProject, otherProject] of [
    [service.creator, own, foreign],
    [foreignUser, foreign, own],
  ] as const) {
    const response = await read(sharedJobId, await tokenHeader(user, ownProject));
    expect(response.body).toMatchObject({
      tasks: [{ ...task, projects: [ownProject] }],
      leftovers: [
        { project_id: ownProject, key_id: `k-${ownProject}`, grant_id: `g-${ownProject}`, error_code: 'KMS.0101' },
      ],
    });
    expect(JSON.stringify(response.body)).not.toContain(otherProject);
  }
});

test('a job whose only task names another project returns 404', async () => {
  const { service, foreignUser } = fixture;
  const data = { project_id: foreignUser.project_id, identity: 'gina@example.com', reason: 'foreign project only' };
  const { job_id } = okBody(await fixture.sendEvent({ type: 'principal.disabled', data }));
  const task = { type: 'principal.disabled', projects: [foreignUser.project_id], reason: 'foreign project only' };
  const foreignHeader = await tokenHeader(foreignUser, foreignUser.project_id);
  const job = await waitFor('the end of the job', async () => {
    const { body } = await read(job_id, foreignHeader);
    return body.state === 'unmapped' ? body : undefined;
  });
  expect(job).toMatchObject({ tasks: [task], unmapped: ['gina@example.com'] });
  expectError(await read(job_id, await tokenHeader(service.creator)), [404, 'APIGW.0101']);
});

test('a caller whose role may not list grants gets 403', async () => {
  const guard = await fixture.service.addUser('guard', 'Security Administrator');
  expectError(await read(sharedJobId, await tokenHeader(guard)), [403, 'KMS.0307']);
});

test('credentials that name no project, or another one, get 403', async () => {
  const { service, foreignUser } = fixture;
  const login = { user: { id: service.creator.user_id }, password: service.creator.password };
  const { token } = await tokensOf(service.services).issue(login);
  expectError(await read(sharedJobId, { 'X-Auth-Token': token }), [403, 'KMS.0321']);
  expectError(await read(sharedJobId, signedHeaders(service.creator, sharedJobId)), [403, 'KMS.0321']);
  expectError(await read(sharedJobId, signedHeaders(service.creator, sharedJobId, foreignUser.project_id)), [
    403,
    'KMS.0321',
  ]);
  expectError(await read(sharedJobId, signedHeaders(service.creator, sharedJobId, '*')), [403, 'KMS.0321']);
});
