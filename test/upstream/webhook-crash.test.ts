/**
 * kill -9 of the backend in the midst of a job at the upstream: it goes on, each grant goes once and leaves one
 * receipt.
 */
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

test('a job that is killed between the upstream’s work and its answers ends as if nothing had happened', async () => {
  const { principal, held } = await createGrantsAtUpstream(fixture, SIZE);
  const { proxy } = fixture;
  let isHolding = false;
  let left = 5;
  // Some calls go through; then all of them hang, some before the work and some after it.
  proxy.choose = () => {
    left -= 1;
    isHolding ||= left < 0;
    return isHolding ? (randomInt(3) === 0 ? holdBefore : holdAfter) : NONE;
  };
  const jobId = await sendWebhook(fixture, { type: 'principal.disabled', data: { grantee_principal: principal } });
  for (let kills = 0; kills < KILLS; kills += 1) {
    await until(() => isHolding, 20_000);
    const before = proxy.proxiedCalls.length;
    // Whatever else it sends at once has come too.
    await until(() => proxy.proxiedCalls.length > before || left < -20, 2_000).catch(() => undefined);
    await fixture.backend().stop('SIGKILL');
    isHolding = false;
    left = randomInt(10, 40);
    await fixture.startBackend();
  }
  proxy.choose = () => NONE;
  await fixture.backend().stop('SIGKILL');
  await fixture.startBackend();

  const job = await waitForJob(fixture, jobId, ['done', 'leftovers']);
  expect(job).toMatchObject({ state: 'done', revoked: held.length, remaining: 0 });
  const gone = (await fixture.upstreamEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(gone.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
  const backendEvents = (await fixture.backendEvents()).filter(({ grant }) => grant?.grantee_principal === principal);
  expect(backendEvents.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
}, 120_000);
