/** A change is told once it is durable, whichever way it was written; what changed nothing is not. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { workOnJob } from '../../lib/hooks/job.ts';
import type { ChangeEvent } from '../../lib/store/store.ts';
import { telling } from '../../lib/store/telling.ts';
import { act, codeOf, PROJECT } from '../authority/world.ts';
import { disabled, type Jobs, never, newId, openJobs } from './job-world.ts';

let jobs: Jobs;
/** What could be read of the newest change each time that somebody was told. */
const seen: (ChangeEvent | undefined)[] = [];
const tell = jest.fn(async () => {
  seen.push((await jobs.store.events.list(PROJECT, {}, 1))[0]);
});
beforeAll(async () => {
  jobs = await openJobs();
});
beforeEach(() => {
  tell.mockClear();
  seen.length = 0;
});
afterAll(() => jobs.close());

test('a change that leaves an event is told when it can be read; one that is refused or a repeat is not', async () => {
  const authority = jobs.over(telling(jobs.store, tell));
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, newId(), 1);
  const asked = act('revoke-grant', { sequence: 'sequence-0123456789' });
  await authority.revokeGrant(asked, keyId, grantId);
  expect(seen).toMatchObject([{ action: 'revoke-grant', requestId: asked.requestId }]);
  await authority.revokeGrant(asked, keyId, grantId);
  expect(await codeOf(authority.revokeGrant(act('revoke-grant'), keyId, grantId))).toBe('KMS.2501');
  expect(tell).toHaveBeenCalledTimes(1);
});

test('that a job could not revoke a grant is told too', async () => {
  const grantee = newId();
  const [grantId = ''] = await jobs.newGrants(await jobs.newKey(), grantee, 1);
  const jobId = await jobs.newJob({ tasks: [disabled(grantee)], projectIds: [PROJECT], tries: 5 });
  const world = jobs.worker({ revokeAny: () => Promise.reject(new KmsError('KMS.0306')) });
  const refusing = { ...world, store: telling(jobs.store, tell) };
  expect(await workOnJob(refusing, jobId, never)).toEqual({ next: 'ended' });
  expect(seen).toMatchObject([{ requestId: jobId, failure: 'KMS.0306', grant: { grant_id: grantId } }]);
});
