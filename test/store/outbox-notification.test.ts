/** The outbox notification comes after each durable event, whether written by `commit` or by `append`. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { KmsError } from '../../lib/errors.ts';
import { withOutboxNotification } from '../../lib/store/outbox-notification.ts';
import { runJob } from '../../lib/webhooks/jobs/job.ts';
import { codeOf, PROJECT, requestContext } from '../authority/standalone/fixture.ts';
import { type JobFixture, newId, noDeadline, openJobFixture, revokePrincipalTask } from '../webhooks/jobs/fixture.ts';

let jobs: JobFixture;
/** The newest event that could be read at each notification. */
const newestEvents: (ChangeEvent | undefined)[] = [];
const notify = jest.fn(async () => {
  newestEvents.push((await jobs.store.events.list(PROJECT, {}, 1))[0]);
});
beforeAll(async () => {
  jobs = await openJobFixture();
});
beforeEach(() => {
  notify.mockClear();
  newestEvents.length = 0;
});
afterAll(() => jobs.close());

test('a change is notified after its event can be read; a refused or repeated request is not notified', async () => {
  const authority = jobs.authorityOver(withOutboxNotification(jobs.store, notify));
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, newId(), 1);
  const context = requestContext('revoke-grant', { sequence: 'sequence-0123456789' });
  await authority.revokeGrant(context, keyId, grantId);
  expect(newestEvents).toMatchObject([{ action: 'revoke-grant', requestId: context.requestId }]);
  await authority.revokeGrant(context, keyId, grantId);
  expect(await codeOf(authority.revokeGrant(requestContext('revoke-grant'), keyId, grantId))).toBe('KMS.2501');
  expect(notify).toHaveBeenCalledTimes(1);
});

test('the event of a revocation that a job gave up is notified', async () => {
  const grantee = newId();
  const [grantId = ''] = await jobs.newGrants(await jobs.newKey(), grantee, 1);
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], projectIds: [PROJECT], failedAttempts: 5 });
  const dependencies = jobs.dependencies({ revokeAny: () => Promise.reject(new KmsError('KMS.0306')) });
  const notifying = { ...dependencies, store: withOutboxNotification(jobs.store, notify) };
  expect(await runJob(notifying, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(newestEvents).toMatchObject([{ requestId: jobId, failure: 'KMS.0306', grant: { grant_id: grantId } }]);
});
