/** kill -9 of the backend during a job: the job continues, and each grant is revoked once with one event. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { holdAfter, holdBefore } from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { NONE } from './proxy.ts';
import { until } from './until.ts';
import { createGrantsAtUpstream, sendWebhook, waitForJob, withWebhookSource } from './webhook.ts';

const KILLS = 6;
const SIZE = { keys: 12, each: 10 };

let fixture: UpstreamFixture;

beforeAll(async () => {
  fixture = await openUpstreamFixture(withWebhookSource({ KMS_RATE_PER_SECOND: '200' }));
});
afterAll(() => fixture?.stop());

test('a job whose backend is killed six times during calls of the upstream ends as done, with one event for each grant', async () => {
  const { principal, held } = await createGrantsAtUpstream(fixture, SIZE);
  const { proxy } = fixture;
  let isHolding = false;
  let remainingCalls = 5;
  // Some calls succeed; then all of them hang, some before and some after the upstream has applied them.
  proxy.choose = () => {
    remainingCalls -= 1;
    isHolding ||= remainingCalls < 0;
    return isHolding ? (randomInt(3) === 0 ? holdBefore : holdAfter) : NONE;
  };
  const jobId = await sendWebhook(fixture, { type: 'principal.disabled', data: { grantee_principal: principal } });
  for (let kills = 0; kills < KILLS; kills += 1) {
    await until(() => isHolding, 20_000);
    const before = proxy.proxiedCalls.length;
    // Further concurrent calls of the backend have arrived too.
    await until(() => proxy.proxiedCalls.length > before || remainingCalls < -20, 2_000).catch(() => undefined);
    await fixture.backend().stop('SIGKILL');
    isHolding = false;
    remainingCalls = randomInt(10, 40);
    await fixture.startBackend();
  }
  proxy.choose = () => NONE;
  await fixture.backend().stop('SIGKILL');
  await fixture.startBackend();

  const job = await waitForJob(fixture, jobId, ['done', 'leftovers']);
  expect(job).toMatchObject({ state: 'done', revoked: held.length, remaining: 0 });
  const revokes = (await fixture.upstreamEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(revokes.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
  const backendEvents = (await fixture.backendEvents()).filter(({ grant }) => grant?.grantee_principal === principal);
  expect(backendEvents.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
}, 120_000);
