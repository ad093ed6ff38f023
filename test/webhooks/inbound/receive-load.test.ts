/** A thousand hooks at once: each is answered, and none is lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey } from '../../support/create.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../fixture.ts';

const HOOKS = 1_000;
const KEYS = 40;
/** Few connections, so that there is room for those of the crowd. */
const BATCH = 10;

let fixture: WebhookFixture;
beforeAll(async () => {
  fixture = await startWebhookFixture();
});
afterAll(() => fixture.stop());

test('all are answered 200, and every job ends with its grant revoked', async () => {
  const { service } = fixture;
  const { jobs } = service.services.store;
  const keys: string[] = [];
  for (let made = 0; made < KEYS; made += 1) keys.push(await newKey(service));
  const keyAt = (place: number) => keys[place % KEYS] ?? '';
  const principals: string[] = [];
  while (principals.length < HOOKS) {
    const some = Array.from({ length: BATCH }, () => randomUUID().replaceAll('-', ''));
    const made = principals.length;
    await Promise.all(
      some.map((grantee_principal, place) => newGrant(service, keyAt(made + place), { grantee_principal })),
    );
    principals.push(...some);
  }
  const answers = await Promise.all(
    principals.map((grantee_principal) =>
      fixture.sendEvent({ type: 'principal.disabled', data: { grantee_principal } }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(HOOKS).fill(200));
  const ids = answers.map(({ body }) => body.job_id);
  expect(new Set(ids).size).toBe(HOOKS);

  const ENDED = ['done', 'leftovers', 'unmapped'];
  for (const id of ids) {
    await waitFor(`job ${id} ends`, async () => ENDED.includes((await jobs.job(id))?.state ?? '') || undefined);
  }
  const ended = await Promise.all(ids.map((id) => jobs.job(id)));
  expect(ended.map((job) => `${job?.state} ${job?.revoked}`)).toEqual(Array(HOOKS).fill('done 1'));
  for (const key of keys) expect(await grantIdsOn(service, key)).toEqual([]);
}, 120_000);
