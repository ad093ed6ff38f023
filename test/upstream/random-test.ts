/** Runs random operations under random faults, and compares the answers with what the upstream has done. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomFrom } from '../signing/random.ts';
import { shortestMs } from './arrivals.ts';
import { openUpstreamFixture, type UpstreamFixture, type UpstreamFixtureOptions } from './fixture.ts';
import { describe, type History } from './history.ts';
import { violations } from './invariants.ts';
import { listViolations } from './list-invariants.ts';
import { expectForm } from './outcomes.ts';
import { NONE } from './proxy.ts';
import { randomFaults, refuseRepeatedly } from './random-faults.ts';
import { run, type Traffic } from './traffic.ts';
import { grantsAtUpstream } from './upstream-state.ts';

const CONCURRENT_CALLS = 32;
const WARM_UPS = 25;
const LIMIT_MS = 1_000;
/** Time that the calls through three processes may take in addition, on a busy machine. */
const SLACK_MS = 750;
/** Low enough that the rate limit is reached sometimes. */
const PER_SECOND = 200;
const SETTINGS = { KMS_TIMEOUT_SECONDS: '1', KMS_RATE_PER_SECOND: String(PER_SECOND) };
/** Long, for slow machines. */
const LONGEST_MS = 600_000;

/** Tests that the answers of a backend with these options are correct under random faults. */
export function testRandomFaults(operations: number, { env, ...options }: UpstreamFixtureOptions): void {
  const seed = randomInt(2 ** 31);
  const end: (() => Promise<void>)[] = [];
  let fixture: UpstreamFixture;
  let traffic: Traffic;
  let history: History;

  beforeAll(async () => {
    fixture = await openUpstreamFixture({
      ...options,
      env: (demo, folder) => ({ ...SETTINGS, ...(typeof env === 'function' ? env(demo, folder) : env) }),
    });
    end.push(fixture.stop);
    await warmUp(fixture);
    const random = randomFrom(seed);
    fixture.proxy.choose = randomFaults(random, fixture.redirectTarget.url);
    const stopRefusing = refuseRepeatedly(fixture.proxy);
    end.push(stopRefusing);
    traffic = await run(fixture, { operations, concurrency: CONCURRENT_CALLS, random });
    await stopRefusing();
    fixture.proxy.choose = () => NONE;
    await traffic.settle();
    history = await historyOf(fixture, traffic);
  }, LONGEST_MS);
  afterAll(async () => {
    for (const stop of end.reverse()) await stop();
  });

  const calls = () => traffic.operations.flatMap((operation) => operation.calls);

  test(`every answer agrees with the changes at the upstream (seed ${seed})`, () => {
    expect(violations(history)).toEqual([]);
  });

  test(`every answer to a change of a key agrees with the key's state at the upstream (seed ${seed})`, () => {
    expect(traffic.violations).toEqual([]);
  });

  test(`every list contains exactly the grants that existed when it was read (seed ${seed})`, () => {
    expect(listViolations(history)).toEqual([]);
  });

  test('no answer comes after the time limit', () => {
    // Measured by the backend, because this process may read an answer late.
    const lines = fixture.log().matchAll(/"request_id":"(\w+)".*?"ms":([\d.]+)/g);
    const tookMs = new Map([...lines].map(([, requestId = '', ms]) => [requestId, Number(ms)]));
    expect(
      calls()
        .filter(({ requestId }) => !tookMs.has(requestId))
        .map(describe),
    ).toEqual([]);
    const late = calls().filter(({ requestId }) => (tookMs.get(requestId) ?? 0) > LIMIT_MS + SLACK_MS);
    expect(late.map((call) => `${describe(call)} after ${tookMs.get(call.requestId)} ms`)).toEqual([]);
  });

  test('no second has more calls of the upstream than the rate limit allows', () => {
    expect(shortestMs(fixture.proxy, PER_SECOND)).toBeGreaterThan(1_000);
  });

  test('every answer has the documented form with a request id', () => {
    for (const { answer } of calls()) expectForm(answer);
  });

  test('all operations ran, more than 25 kinds of faults occurred, and no redirect was followed', () => {
    expect(traffic.operations.length).toBeGreaterThanOrEqual(operations);
    expect(new Set(fixture.proxy.proxiedCalls.map(({ fault }) => fault)).size).toBeGreaterThan(25);
    expect(fixture.redirectTarget.requests).toEqual([]);
    expect(fixture.proxy.errors).toEqual([]);
  });

  test('the log of the backend contains no token and no secret key', () => {
    const secrets = fixture.demo.users.flatMap((user) => [fixture.token(user), user.secret_key]);
    for (const secret of secrets) expect(fixture.log()).not.toContain(secret);
  });
}

/** Warms the backend up: its first calls load code and validate the tokens. */
async function warmUp({ callBackend, demo }: UpstreamFixture): Promise<void> {
  for (let round = 0; round < WARM_UPS; round += 1) {
    await Promise.all(demo.users.map((user) => callBackend(user, 'list-grants', { key_id: demo.keys[0]?.key_id })));
  }
}

async function historyOf(fixture: UpstreamFixture, { operations, directIds }: Traffic): Promise<History> {
  const keyIds = [...new Set(operations.map(({ keyId }) => keyId))].filter((keyId) => keyId !== '');
  return {
    operations,
    directIds: new Set([...directIds, ...fixture.demo.grants.map(({ grant_id }) => grant_id)]),
    proxiedCalls: fixture.proxy.proxiedCalls,
    upstreamEvents: await fixture.upstreamEvents(),
    backendEvents: await fixture.backendEvents(),
    remaining: (await Promise.all(keyIds.map((keyId) => grantsAtUpstream(fixture, keyId)))).flat(),
  };
}
