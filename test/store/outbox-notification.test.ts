/** A change is told once it is durable, whichever way it was written; what changed nothing is not. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { KmsError } from '../../lib/errors.ts';
import { withOutboxNotification } from '../../lib/store/outbox-notification.ts';
import { runJob } from '../../lib/webhooks/jobs/job.ts';
import { codeOf, PROJECT, requestContext } from '../authority/standalone/fixture.ts';
import { type JobFixture, newId, noDeadline, openJobFixture, revokePrincipalTask } from '../webhooks/jobs/fixture.ts';

let jobs: JobFixture;
/** What could be read of the newest change each time that somebody was told. */
const seen: (ChangeEvent | undefined)[] = [];
const tell = jest.fn(async () => {
  seen.push((await jobs.store.events.list(PROJECT, {}, 1))[0]);
});
beforeAll(async () => {
  jobs = await openJobFixture();
});
beforeEach(() => {
  tell.mockClear();
  seen.length = 0;
});
afterAll(() => jobs.close());

test('a change that leaves an event is told when it can be read; one that is refused or a repeat is not', async () => {
  const authority = jobs.over(withOutboxNotification(jobs.store, tell));
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, newId(), 1);
  const asked = requestContext('revoke-grant', { sequence: 'sequence-0123456789' });
  await authority.revokeGrant(asked, keyId, grantId);
  expect(seen).toMatchObject([{ action: 'revoke-grant', requestId: asked.requestId }]);
  await authority.revokeGrant(asked, keyId, grantId);
  expect(await codeOf(authority.revokeGrant(requestContext('revoke-grant'), keyId, grantId))).toBe('KMS.2501');
  expect(tell).toHaveBeenCalledTimes(1);
});

test('that a job could not revoke a grant is told too', async () => {
  const grantee = newId();
  const [grantId = ''] = await jobs.newGrants(await jobs.newKey(), grantee, 1);
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], projectIds: [PROJECT], failedAttempts: 5 });
  const world = jobs.dependencies({ revokeAny: () => Promise.reject(new KmsError('KMS.0306')) });
  const refusing = { ...world, store: withOutboxNotification(jobs.store, tell) };
  expect(await runJob(refusing, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(seen).toMatchObject([{ requestId: jobId, failure: 'KMS.0306', grant: { grant_id: grantId } }]);
});
