/** Random operations in bad weather, and then calm: what was asked and said, and what came of it. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomFrom } from '../signing/random.ts';
import { grantsAt } from './actual-state.ts';
import { shortestMs } from './arrivals.ts';
import { openWorld, type World, type WorldOptions } from './fixture.ts';
import { describe, type History } from './history.ts';
import { untruths } from './invariants.ts';
import { listUntruths } from './list-invariants.ts';
import { expectForm } from './outcomes.ts';
import { NONE } from './proxy.ts';
import { changeable, refuseNowAndThen } from './random-faults.ts';
import { run, type Traffic } from './traffic.ts';

const AT_ONCE = 32;
const WARM_UPS = 25;
const LIMIT_MS = 1_000;
/** What the way through three processes may take on a busy machine. */
const SLACK_MS = 750;
/** Few enough a second that the rate is met now and then. */
const PER_SECOND = 200;
const SETTINGS = { KMS_TIMEOUT_SECONDS: '1', KMS_RATE_PER_SECOND: String(PER_SECOND) };
/** Some machines are slow. */
const LONGEST_MS = 600_000;

/** Tests that a backend with these options says nothing that is not so, whatever the weather. */
export function testInStorm(operations: number, { env, ...options }: WorldOptions): void {
  const seed = randomInt(2 ** 31);
  const end: (() => Promise<void>)[] = [];
  let world: World;
  let traffic: Traffic;
  let history: History;

  beforeAll(async () => {
    world = await openWorld({
      ...options,
      env: (demo, folder) => ({ ...SETTINGS, ...(typeof env === 'function' ? env(demo, folder) : env) }),
    });
    end.push(world.stop);
    await warmUp(world);
    const random = randomFrom(seed);
    world.proxy.choose = changeable(random, world.elsewhere.url);
    const calm = refuseNowAndThen(world.proxy);
    end.push(calm);
    traffic = await run(world, { operations, atOnce: AT_ONCE, random });
    await calm();
    world.proxy.choose = () => NONE;
    await traffic.settle();
    history = await historyOf(world, traffic);
  }, LONGEST_MS);
  afterAll(async () => {
    for (const stop of end.reverse()) await stop();
  });

  const calls = () => traffic.operations.flatMap((operation) => operation.calls);

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
    // By the backend's own clock: how late an answer is read here tells of this process.
    const lines = world.log().matchAll(/"request_id":"(\w+)".*?"ms":([\d.]+)/g);
    const tookMs = new Map([...lines].map(([, requestId = '', ms]) => [requestId, Number(ms)]));
    expect(
      calls()
        .filter(({ requestId }) => !tookMs.has(requestId))
        .map(describe),
    ).toEqual([]);
    const late = calls().filter(({ requestId }) => (tookMs.get(requestId) ?? 0) > LIMIT_MS + SLACK_MS);
    expect(late.map((call) => `${describe(call)} after ${tookMs.get(call.requestId)} ms`)).toEqual([]);
  });

  test('in no second did more arrive at the cloud than the rate', () => {
    expect(shortestMs(world.proxy, PER_SECOND)).toBeGreaterThan(1_000);
  });

  test('every answer has the documented form, with our request id', () => {
    for (const { answer } of calls()) expectForm(answer);
  });

  test('all of it happened: every operation, every fault, and nobody was led elsewhere', () => {
    expect(traffic.operations.length).toBeGreaterThanOrEqual(operations);
    expect(new Set(world.proxy.passages.map(({ fault }) => fault)).size).toBeGreaterThan(25);
    expect(world.elsewhere.visits).toEqual([]);
    expect(world.proxy.mishaps).toEqual([]);
  });

  test('no token and no secret key is in the backend’s log', () => {
    const secrets = world.demo.users.flatMap((user) => [world.token(user), user.secret_key]);
    for (const secret of secrets) expect(world.log()).not.toContain(secret);
  });
}

/** The first calls of a process load code and look up who is calling. */
async function warmUp({ ask, demo }: World): Promise<void> {
  for (let round = 0; round < WARM_UPS; round += 1) {
    await Promise.all(demo.users.map((user) => ask(user, 'list-grants', { key_id: demo.keys[0]?.key_id })));
  }
}

async function historyOf(world: World, { operations, givenIds }: Traffic): Promise<History> {
  const keyIds = [...new Set(operations.map(({ keyId }) => keyId))].filter((keyId) => keyId !== '');
  return {
    operations,
    givenIds: new Set([...givenIds, ...world.demo.grants.map(({ grant_id }) => grant_id)]),
    passages: world.proxy.passages,
    cloudEvents: await world.cloudEvents(),
    receipts: await world.receipts(),
    left: (await Promise.all(keyIds.map((keyId) => grantsAt(world, keyId)))).flat(),
  };
}
