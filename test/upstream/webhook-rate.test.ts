/** One hook, 200 grants at a cloud that takes 20 calls a second: all go, nobody else's, and never faster than that. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { isThere } from './actual-state.ts';
import { arrivalsOf, shortestMs } from './arrivals.ts';
import { openWorld, type World } from './fixture.ts';
import { fillCloud, hooked, type JobTold, jobIn, sendHook } from './webhook.ts';

const PER_SECOND = 20;
const SIZE = { keys: 20, each: 10 };
const GRANTS = SIZE.keys * SIZE.each;

let world: World;
let filled: Awaited<ReturnType<typeof fillCloud>>;
let jobId: string;
let job: JobTold;
let receipts: ChangeEvent[];

beforeAll(async () => {
  world = await openWorld(hooked({ KMS_RATE_PER_SECOND: String(PER_SECOND) }));
  filled = await fillCloud(world, SIZE);
  jobId = await sendHook(world, { type: 'principal.disabled', data: { grantee_principal: filled.principal } });
  job = await jobIn(world, jobId, ['done', 'waiting', 'leftovers']);
  receipts = await world.receipts();
}, 120_000);
afterAll(() => world?.stop());

test('the job is done and tells so', () => {
  expect(job).toMatchObject({ state: 'done', revoked: GRANTS, remaining: 0, leftovers: [] });
});

test('each grant has gone once at the cloud, by the service, and nobody else’s has', async () => {
  const gone = (await world.cloudEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(gone.map(({ grant }) => grant?.grant_id).sort()).toEqual(filled.held);
  expect(new Set(gone.map(({ actor }) => actor))).toEqual(new Set([world.creator.user_id]));
  for (const { keyId, grantId } of filled.others) expect(await isThere(world, keyId, grantId)).toBe(true);
});

test('each has one receipt here, with the cloud’s request id and the grant as it was', () => {
  expect(receipts.map(({ grant }) => grant?.grant_id).sort()).toEqual(filled.held);
  expect(new Set(receipts.map(({ upstreamRequestId }) => upstreamRequestId)).size).toBe(GRANTS);
  for (const receipt of receipts) {
    expect(receipt).toMatchObject({
      action: 'principal.disabled',
      channel: 'webhook',
      actor: 'hook:hr',
      requestId: jobId,
    });
    expect(receipt.grant).toMatchObject({ grantee_principal: filled.principal, operations: ['encrypt-data'] });
  }
});

test('no second sees more arrive at the cloud than the rate', () => {
  expect(shortestMs(world.proxy, PER_SECOND)).toBeGreaterThan(1_000);
});

test('each grant is asked for once, and the keys are looked through twice', () => {
  const arrived = arrivalsOf(world.proxy).length;
  // The demo has two keys more. Before, and after to see that nothing is left: list-keys and each key once.
  expect(arrived).toBe(GRANTS + 2 * (1 + SIZE.keys + 2));
});
