/** Slow and unreachable clouds: no answer is later than its limit, and what was left open is settled by a repeat. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createAt, isThere } from './actual-state.ts';
import * as faults from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import { expectForm, type Outcomes, outcomesOf, saidOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';

const LIMIT_MS = 1_000;
const SLACK_MS = 500;

let world: World;

beforeAll(async () => {
  world = await openWorld({ env: { KMS_TIMEOUT_SECONDS: '1' } });
});
afterEach(() => {
  world.proxy.choose = () => NONE;
  expect(world.proxy.mishaps).toEqual([]);
});
afterAll(() => world?.stop());

async function always(fault: Fault): Promise<Outcomes> {
  const outcomes = await outcomesOf(world, () => fault);
  for (const { answer } of Object.values(outcomes)) {
    expectForm(answer);
    expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
  }
  return outcomes;
}

const GOOD = ['200', '200 gone', '200 made 1'];
const LATE = ['504 APIGW.0201', '504 APIGW.0201 there', '504 APIGW.0201 made 0'];
const LATE_DONE = ['504 APIGW.0201', '504 APIGW.0201 gone', '504 APIGW.0201 made 1'];

test.each([faults.delayBefore(200), faults.delayAfter(200), faults.drip(200)])(
  '$name: slow is no fault',
  async (fault) => {
    expect(saidOf(await always(fault))).toEqual(GOOD);
  },
);

test.each([
  { fault: faults.delayBefore(4_000), ends: LATE },
  { fault: faults.delayAfter(4_000), ends: LATE_DONE },
  { fault: faults.drip(6_000), ends: LATE_DONE },
])('$fault.name: 504 in time', async ({ fault, ends }) => {
  expect(saidOf(await always(fault))).toEqual(ends);
});

test('who waits on a connection that hangs is helped by another', async () => {
  const outcomes = await outcomesOf(world, (n) => (n === 1 ? faults.delayBefore(4_000) : NONE));
  expect(saidOf(outcomes).slice(0, 2)).toEqual(GOOD.slice(0, 2));
});

test('a create, which is sent but once, has all the time that there is', async () => {
  const outcomes = await always(faults.delayBefore(700));
  expect(outcomes['create-grant'].said).toBe('200 made 1');
});

test('a try after a lost one gets only the time that is left', async () => {
  const outcomes = await outcomesOf(world, (n) => (n === 1 ? faults.lostAnswer : faults.delayAfter(4_000)));
  expect(saidOf(outcomes)).toEqual(['504 APIGW.0201', '504 APIGW.0201 gone', '502 APIGW.0201 made 1']);
  for (const { answer } of Object.values(outcomes)) expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
});

test('connections refused: 502 for all, nothing done; and after a moment all are done, the create too', async () => {
  world.proxy.refuse();
  const refused = ask('revoke-grant');
  expect(await refused).toBe('502 APIGW.0201');
  await world.proxy.listen();

  world.proxy.refuse();
  const outcomes = outcomesOf(world, () => NONE);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await world.proxy.listen();
  expect(saidOf(await outcomes)).toEqual(GOOD);
});

async function ask(name: string): Promise<string> {
  const keyId = world.demo.keys[0]?.key_id ?? '';
  const grantId = await createAt(world, keyId, 'refused');
  const answer = await world.ask(world.creator, name, { key_id: keyId, grant_id: grantId });
  expectForm(answer);
  expect(await isThere(world, keyId, grantId)).toBe(true);
  return `${answer.status} ${answer.body.error_code}`;
}
