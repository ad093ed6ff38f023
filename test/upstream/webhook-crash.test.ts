/** kill -9 of the backend in the midst of a job at the cloud: it goes on, each grant goes once and leaves one receipt. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { holdAfter, holdBefore } from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import { NONE } from './proxy.ts';
import { until } from './until.ts';
import { fillCloud, hooked, jobIn, sendHook } from './webhook.ts';

const KILLS = 6;
const SIZE = { keys: 12, each: 10 };

let world: World;

beforeAll(async () => {
  world = await openWorld(hooked({ KMS_RATE_PER_SECOND: '200' }));
});
afterAll(() => world?.stop());

test('a job that is killed between the cloud’s work and its answers ends as if nothing had happened', async () => {
  const { principal, held } = await fillCloud(world, SIZE);
  const { proxy } = world;
  let isHolding = false;
  let left = 5;
  // Some calls go through; then all of them hang, some before the work and some after it.
  proxy.choose = () => {
    left -= 1;
    isHolding ||= left < 0;
    return isHolding ? (randomInt(3) === 0 ? holdBefore : holdAfter) : NONE;
  };
  const jobId = await sendHook(world, { type: 'principal.disabled', data: { grantee_principal: principal } });
  for (let kills = 0; kills < KILLS; kills += 1) {
    await until(() => isHolding, 20_000);
    const before = proxy.passages.length;
    // Whatever else it sends at once has come too.
    await until(() => proxy.passages.length > before || left < -20, 2_000).catch(() => undefined);
    await world.backend().stop('SIGKILL');
    isHolding = false;
    left = randomInt(10, 40);
    await world.startBackend();
  }
  proxy.choose = () => NONE;
  await world.backend().stop('SIGKILL');
  await world.startBackend();

  const job = await jobIn(world, jobId, ['done', 'leftovers']);
  expect(job).toMatchObject({ state: 'done', revoked: held.length, remaining: 0 });
  const gone = (await world.cloudEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(gone.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
  const receipts = (await world.receipts()).filter(({ grant }) => grant?.grantee_principal === principal);
  expect(receipts.map(({ grant }) => grant?.grant_id).sort()).toEqual(held);
}, 120_000);
