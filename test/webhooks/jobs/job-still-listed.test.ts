/** Grants that an upstream still lists after it was asked to revoke them are leftovers, whatever its response was. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newEvent } from '../../../lib/domain/events.ts';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { KmsError } from '../../../lib/errors.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  openUpstreamFixture,
  type Reply,
  upstreamGrant,
} from '../../authority/upstream/scripted-upstream.ts';
import { type JobFixture, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

const empty =
  (status: number): Reply =>
  (response) =>
    response.writeHead(status, { 'x-request-id': 'upstream-1' }).end();

describe.each<[string, Reply, string]>([
  ['400 KMS.2501', kmsError(400, 'KMS.2501'), 'KMS.2501'],
  ['404 KMS.0207', kmsError(404, 'KMS.0207'), 'KMS.2501'],
  ['204', empty(204), 'APIGW.0201'],
  ['200 without a body', empty(200), 'APIGW.0201'],
  ['200 {} without an effect', [200, {}], 'APIGW.0201'],
])('an upstream that answers revoke-grant with %s and still lists the grant', (_, reply, code) => {
  test.each([
    ['principal.disabled', revokePrincipalTask('c0000000000000000000000000000002')],
    ['key.compromised', { action: 'revoke-key', type: 'key.compromised', keyId: KEY }],
    ['grant.revoke', { action: 'revoke-grant', type: 'grant.revoke', keyId: KEY, grantId: grantIdOf(1) }],
  ] as const)('leaves a leftover of %s, which is never counted as revoked', async (_type, task) => {
    const upstream = await openUpstreamFixture();
    const end = { next_marker: '', truncated: 'false', total: 1 };
    upstream.replies['list-keys'] = [[200, { keys: [KEY], key_details: [{ key_id: KEY, key_state: '2' }], ...end }]];
    upstream.replies['list-grants'] = [[200, { grants: [upstreamGrant(1)], ...end }]];
    upstream.replies['revoke-grant'] = [reply];
    const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
    const dependencies: JobDependencies = {
      store: jobs.store,
      authority: upstream.openAuthority({ credentials }),
      now: () => jobs.clock.nowMs,
    };
    const jobId = await jobs.newJob({ tasks: [task], projectIds: [PROJECT] });
    for (let attempts = 1; attempts < 6; attempts += 1) {
      expect(await runJob(dependencies, jobId, noDeadline)).toMatchObject({ next: 'retry' });
      expect(await jobs.job(jobId)).toMatchObject({ state: 'waiting', revoked: 0 });
    }
    expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(serializeJob(await jobs.job(jobId))).toMatchObject({
      state: 'leftovers',
      revoked: 0,
      remaining: 1,
      leftovers: [{ key_id: KEY, grant_id: grantIdOf(1), error_code: code }],
    });
    const [newest] = await jobs.store.events.list(PROJECT, { grantId: grantIdOf(1) }, 1);
    expect(newest).toMatchObject({ requestId: jobId, failure: code });
    await upstream.close();
  });
});

/** An authority that confirms each revoke and writes its event, but does nothing the first `times` times. */
function withoutEffect(times: number): { dependencies: JobDependencies; calls: () => number } {
  const confirmed = new Map<string, number>();
  let calls = 0;
  const revokeAny = async (context: RequestContext, ref: GrantRef) => {
    calls += 1;
    const done = confirmed.get(ref.grant_id) ?? 0;
    confirmed.set(ref.grant_id, done + 1);
    if (done >= times) return jobs.authority.revokeAny(context, ref);
    const grant = await jobs.store.grants.grant(context.projectId, ref.grant_id);
    const subject = { keyId: ref.key_id, grantId: ref.grant_id, grant, upstreamRequestId: 'r1' };
    await jobs.store.events.append(newEvent({ ...context, actor: 'hook:hr' }, subject, jobs.clock.nowMs), []);
    return {};
  };
  return { dependencies: jobs.dependencies({ revokeAny }), calls: () => calls };
}

test('a revoke that takes effect only at the second attempt is counted once', async () => {
  const grantee = newId();
  const ids = await jobs.newGrants(await jobs.newKey(), grantee, 3);
  const { dependencies } = withoutEffect(1);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'waiting', revoked: 0, leftoverCount: 3 });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...ids].sort());
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 3, leftovers: [], leftoverCount: 0 });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('a job whose revokes have no effect ends, although each run has time for a part of them only', async () => {
  const grantee = newId();
  await jobs.newGrants(await jobs.newKey(), grantee, 110);
  const { dependencies, calls } = withoutEffect(Number.POSITIVE_INFINITY);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { projectId: PROJECT })]);
  let retries = 0;
  for (let runs = 0; (await jobs.job(jobId)).state !== 'leftovers'; runs += 1) {
    expect(runs).toBeLessThan(100);
    const callsBefore = calls();
    // The deadline comes after 60 revokes.
    const { next } = await runJob(dependencies, jobId, () => calls() - callsBefore >= 60);
    if (next === 'retry') retries += 1;
  }
  expect(retries).toBe(5);
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({ revoked: 0, remaining: 110 });
});

test('a grant that another caller revokes at the same time is no leftover', async () => {
  const grantee = newId();
  await jobs.newGrants(await jobs.newKey(), grantee, 3);
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    await jobs.authority.revokeAny({ ...context, requestId: 'another-request' }, grant);
    throw new KmsError('KMS.2501');
  };
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 0, leftovers: [] });
});
