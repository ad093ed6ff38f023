/** Who is told how far a job has come, and how much of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import { sign } from '../../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../fixture.ts';

const NOBODY = 'f'.repeat(32);

let fixture: WebhookFixture;
/** A job of both projects, and one of the demo project only. */
let both: string;
let ours: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  const data = { grantee_principal: NOBODY };
  both = (await fixture.sendEventAndWait({ type: 'principal.disabled', data })).body.job_id;
  const grant = { key_id: fixture.service.demo.keys[0]?.key_id, grant_id: '0'.repeat(64) };
  ours = (await fixture.sendEventAndWait({ type: 'grant.revoke', data: grant }, { source: 'narrow' })).body.job_id;
});
afterAll(() => fixture.stop());

const read = (jobId: string, headers: Record<string, string>) =>
  fixture.service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers });

async function withToken(user: DemoUser, projectId?: string) {
  return { 'X-Auth-Token': await fixture.service.token(user, projectId) };
}

/** @param projectId as X-Project-Id, which SDKs send signed */
function signedBy(user: DemoUser, jobId: string, projectId?: string): Record<string, string> {
  const date = new Date(fixture.service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { 'x-sdk-date': date, ...(projectId !== undefined && { 'x-project-id': projectId }) };
  const request = { method: 'GET', path: `/hooks/jobs/${jobId}`, query: '', headers, body: new Uint8Array() };
  const keys = { accessKey: user.access_key, secretKey: user.secret_key };
  return { ...headers, authorization: sign(request, keys, Object.keys(headers).sort()) };
}

test('without credentials, with bad ones, and with the signature of a source: 401', async () => {
  const { creator } = fixture.service;
  const forged = { ...creator, secret_key: `${creator.secret_key}x` };
  const none: Record<string, string>[] = [{}, { 'X-Auth-Token': 'garbage' }, { 'webhook-signature': 'v1,AAAA' }];
  for (const headers of [...none, signedBy(forged, both, fixture.service.demo.project_id)]) {
    for (const id of [both, NOBODY]) expectError(await read(id, headers), [401, 'APIGW.0301']);
  }
});

test('whoever may list grants in a project of the job may read it, with a token or signed', async () => {
  const { creator, reader, demo } = fixture.service;
  const told = okBody(await read(both, await withToken(creator)));
  expect(told).toMatchObject({ job_id: both, state: 'done', source: 'hr' });
  expect(okBody(await read(both, await withToken(reader)))).toEqual(told);
  expect(okBody(await read(both, signedBy(creator, both, demo.project_id)))).toEqual(told);
});

test('a project that the signature does not cover is none', async () => {
  const { creator, demo } = fixture.service;
  const headers = { ...signedBy(creator, both), 'x-project-id': demo.project_id };
  expectError(await read(both, headers), [403, 'KMS.0321']);
});

test('the job of another project is as one that never was', async () => {
  const { foreignUser } = fixture;
  const headers = await withToken(foreignUser, foreignUser.project_id);
  const [foreign, absent] = [await read(ours, headers), await read(NOBODY, headers)];
  expectError(foreign, [404, 'APIGW.0101']);
  expectError(absent, [404, 'APIGW.0101']);
  expect(foreign.body.error).toEqual(absent.body.error);
  expectError(await read(ours, signedBy(foreignUser, ours, foreignUser.project_id)), [404, 'APIGW.0101']);
});

test.each([
  ['short', 'x'],
  ['NUL', '%00'],
  ['long', 'a'.repeat(2000)],
  ['in upper case', NOBODY.toUpperCase()],
])('an id that is none, %s: 404', async (_, id) => {
  expectError(await read(id, await withToken(fixture.service.creator)), [404, 'APIGW.0101']);
});

test('of a job of several projects only what is of the own one is told', async () => {
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
  const job = await jobs.job(both);
  await jobs.save({ ...job, state: 'leftovers', leftovers } as Job);
  const task = { type: 'principal.disabled', grantee_principal: NOBODY };
  for (const [user, mine, other] of [
    [service.creator, own, foreign],
    [foreignUser, foreign, own],
  ] as const) {
    const answer = await read(both, await withToken(user, mine));
    expect(answer.body).toMatchObject({
      tasks: [{ ...task, projects: [mine] }],
      leftovers: [{ project_id: mine, key_id: `k-${mine}`, grant_id: `g-${mine}`, error_code: 'KMS.0101' }],
    });
    expect(JSON.stringify(answer.body)).not.toContain(other);
  }
});

test('a job that is about another project only is as one that never was', async () => {
  const { service, foreignUser } = fixture;
  const data = { project_id: foreignUser.project_id, identity: 'gina@example.com', reason: 'theirs alone' };
  const { job_id } = okBody(await fixture.sendEvent({ type: 'principal.disabled', data }));
  const task = { type: 'principal.disabled', projects: [foreignUser.project_id], reason: 'theirs alone' };
  const mine = await withToken(foreignUser, foreignUser.project_id);
  const theirs = await waitFor('the job ends', async () => {
    const { body } = await read(job_id, mine);
    return body.state === 'unmapped' ? body : undefined;
  });
  expect(theirs).toMatchObject({ tasks: [task], unmapped: ['gina@example.com'] });
  expectError(await read(job_id, await withToken(service.creator)), [404, 'APIGW.0101']);
});

test('a role that may not list grants: 403', async () => {
  const guard = await fixture.service.addUser('guard', 'Security Administrator');
  expectError(await read(both, await withToken(guard)), [403, 'KMS.0307']);
});

test('credentials of no project: 403', async () => {
  const { service, foreignUser } = fixture;
  const who = { user: { id: service.creator.user_id }, password: service.creator.password };
  const { token } = await service.services.tokens.issue(who);
  expectError(await read(both, { 'X-Auth-Token': token }), [403, 'KMS.0321']);
  expectError(await read(both, signedBy(service.creator, both)), [403, 'KMS.0321']);
  expectError(await read(both, signedBy(service.creator, both, foreignUser.project_id)), [403, 'KMS.0321']);
  expectError(await read(both, signedBy(service.creator, both, '*')), [403, 'KMS.0321']);
});
