/** A thousand concurrent webhooks. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey } from '../../support/create.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../fixture.ts';

const WEBHOOKS = 1_000;
const KEYS = 40;
/** Grants created at the same time; few, to leave connections for the webhooks. */
const BATCH = 10;

let fixture: WebhookFixture;
beforeAll(async () => {
  fixture = await startWebhookFixture();
});
afterAll(() => fixture.stop());

test('a thousand concurrent webhooks all return 200, and the job of each revokes its grant', async () => {
  const { service } = fixture;
  const { jobs } = service.services.store;
  const keys: string[] = [];
  while (keys.length < KEYS) keys.push(await newKey(service));
  const keyAt = (index: number) => keys[index % KEYS] ?? '';
  const principals: string[] = [];
  while (principals.length < WEBHOOKS) {
    const batch = Array.from({ length: BATCH }, () => randomUUID().replaceAll('-', ''));
    const start = principals.length;
    await Promise.all(
      batch.map((grantee_principal, index) => newGrant(service, keyAt(start + index), { grantee_principal })),
    );
    principals.push(...batch);
  }
  const responses = await Promise.all(
    principals.map((grantee_principal) =>
      fixture.sendEvent({ type: 'principal.disabled', data: { grantee_principal } }),
    ),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array(WEBHOOKS).fill(200));
  const ids = responses.map(({ body }) => body.job_id);
  expect(new Set(ids).size).toBe(WEBHOOKS);

  const endStates = ['done', 'leftovers', 'unmapped'];
  for (const id of ids) {
    await waitFor(
      `the end of job ${id}`,
      async () => endStates.includes((await jobs.job(id))?.state ?? '') || undefined,
    );
  }
  const endedJobs = await Promise.all(ids.map((id) => jobs.job(id)));
  expect(endedJobs.map((job) => `${job?.state} ${job?.revoked}`)).toEqual(Array(WEBHOOKS).fill('done 1'));
  for (const key of keys) expect(await grantIdsOn(service, key)).toEqual([]);
}, 120_000);
