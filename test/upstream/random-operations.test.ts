/** 10,000 random operations in bad weather, with the callers' own tokens: every answer is true. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomFrom } from '../signing/random.ts';
import { untruths } from './checks.ts';
import type { History } from './history.ts';
import { listUntruths } from './list-checks.ts';
import { expectForm } from './outcomes.ts';
import { NONE } from './proxy.ts';
import { run, type Traffic } from './traffic.ts';
import { grantsAt } from './truth.ts';
import { changeable, refuseNowAndThen } from './weather.ts';
import { openWorld, type World } from './world.ts';

const OPERATIONS = Number(process.env['OPS'] ?? 10_000);
const AT_ONCE = 32;
const LIMIT_MS = 1_000;
/** What the way through three processes may take on a busy machine. */
const SLACK_MS = 750;

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
let world: World;
let calm: (() => Promise<void>) | undefined;
let traffic: Traffic;
let history: History;

beforeAll(async () => {
  world = await openWorld({ env: { KMS_TIMEOUT_SECONDS: '1' } });
  console.log('opened', performance.now());
  const random = randomFrom(seed);
  world.proxy.choose = changeable(random, world.elsewhere.url);
  calm = refuseNowAndThen(world.proxy);
  traffic = await run(world, { operations: OPERATIONS, atOnce: AT_ONCE, random });
  console.log('ran', performance.now());
  await calm();
  world.proxy.choose = () => NONE;
  await traffic.settle();
  const { operations, givenIds } = traffic;
  const keyIds = [...new Set(operations.map(({ keyId }) => keyId))].filter((keyId) => keyId !== '');
  history = {
    operations,
    givenIds: new Set([...givenIds, ...world.demo.grants.map(({ grant_id }) => grant_id)]),
    passages: world.proxy.passages,
    cloudEvents: await world.cloudEvents(),
    receipts: await world.receipts(),
    left: (await Promise.all(keyIds.map((keyId) => grantsAt(world, keyId)))).flat(),
  };
}, 600_000);
afterAll(async () => {
  await calm?.();
  await world?.stop();
});

const answers = () => traffic.operations.flatMap(({ calls }) => calls.map(({ answer }) => answer));

test(`what was said is what was done (seed ${seed})`, () => {
  expect(untruths(history)).toEqual([]);
});

test(`what was said of keys is so (seed ${seed})`, () => {
  expect(traffic.untrue).toEqual([]);
});

test(`lists show what is there (seed ${seed})`, () => {
  expect(listUntruths(history)).toEqual([]);
});

test('no answer is later than its limit', () => {
  expect(Math.max(...answers().map(({ ms }) => ms))).toBeLessThan(LIMIT_MS + SLACK_MS);
});

test('every answer has the documented form, with our request id', () => {
  for (const answer of answers()) expectForm(answer);
});

test('all of it happened: every operation, every fault, and nobody was led elsewhere', () => {
  expect(traffic.operations.length).toBeGreaterThanOrEqual(OPERATIONS);
  const met = new Set(world.proxy.passages.map(({ fault }) => fault));
  expect(met.size).toBeGreaterThan(25);
  expect(world.elsewhere.visits).toEqual([]);
  expect(world.proxy.mishaps).toEqual([]);
});

test('no token is in the backend’s log', () => {
  for (const user of world.demo.users) expect(world.backend().output()).not.toContain(world.token(user));
});
