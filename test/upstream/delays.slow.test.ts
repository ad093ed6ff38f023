/** A slow or unreachable upstream: every answer comes within the time limit. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { expectForm, type Outcomes, outcomesOf, resultsOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';
import { createGrantAtUpstream, grantExists } from './upstream-state.ts';

const LIMIT_MS = 2_000;
const SLACK_MS = 500;

let fixture: UpstreamFixture;

beforeAll(async () => {
  fixture = await openUpstreamFixture({ env: { KMS_TIMEOUT_SECONDS: '2' } });
});
afterEach(() => {
  fixture.proxy.choose = () => NONE;
  expect(fixture.proxy.errors).toEqual([]);
});
afterAll(() => fixture?.stop());

async function always(fault: Fault): Promise<Outcomes> {
  const outcomes = await outcomesOf(fixture, () => fault);
  for (const { answer } of Object.values(outcomes)) {
    expectForm(answer);
    expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
  }
  return outcomes;
}

const GOOD = ['200', '200 removed', '200 created 1'];
const LATE = ['504 APIGW.0201', '504 APIGW.0201 exists', '504 APIGW.0201 created 0'];
const LATE_DONE = ['504 APIGW.0201', '504 APIGW.0201 removed', '504 APIGW.0201 created 1'];

test.each([faults.delayBefore(200), faults.delayAfter(200), faults.drip(200)])(
  '$name: list, revoke and create succeed',
  async (fault) => {
    expect(resultsOf(await always(fault))).toEqual(GOOD);
  },
);

test.each([
  { fault: faults.delayBefore(4_000), results: LATE },
  { fault: faults.delayAfter(4_000), results: LATE_DONE },
  { fault: faults.drip(6_000), results: LATE_DONE },
])('$fault.name: 504 within the time limit', async ({ fault, results }) => {
  expect(resultsOf(await always(fault))).toEqual(results);
});

test('after an attempt that hangs, list and revoke succeed with another attempt within the time limit', async () => {
  const outcomes = await outcomesOf(fixture, (n) => (n === 1 ? faults.delayBefore(4_000) : NONE));
  expect(resultsOf(outcomes).slice(0, 2)).toEqual(GOOD.slice(0, 2));
});

test('the only attempt of a create may use more than half of the time limit, as no second one follows', async () => {
  // A limit of 3 s leaves a busy machine more than a second for all but the delay.
  const longLimit = await openUpstreamFixture({ env: { KMS_TIMEOUT_SECONDS: '3' } });
  try {
    const outcomes = await outcomesOf(longLimit, () => faults.delayBefore(1_800));
    expect(outcomes['create-grant'].result).toBe('200 created 1');
  } finally {
    await longLimit.stop();
  }
});

test('an attempt after a lost response ends at the time limit of the request', async () => {
  const outcomes = await outcomesOf(fixture, (n) => (n === 1 ? faults.lostResponse : faults.delayAfter(4_000)));
  expect(resultsOf(outcomes)).toEqual(['504 APIGW.0201', '504 APIGW.0201 removed', '502 APIGW.0201 created 1']);
  for (const { answer } of Object.values(outcomes)) expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
});

test('a revoke over refused connections is 502 and changes nothing; when they are accepted again in time, all calls succeed', async () => {
  fixture.proxy.refuse();
  const refused = callRefused('revoke-grant');
  expect(await refused).toBe('502 APIGW.0201');
  await fixture.proxy.listen();

  fixture.proxy.refuse();
  const outcomes = outcomesOf(fixture, () => NONE);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await fixture.proxy.listen();
  expect(resultsOf(await outcomes)).toEqual(GOOD);
});

async function callRefused(name: string): Promise<string> {
  const keyId = fixture.demo.keys[0]?.key_id ?? '';
  const grantId = await createGrantAtUpstream(fixture, keyId, 'refused');
  const answer = await fixture.callBackend(fixture.creator, name, { key_id: keyId, grant_id: grantId });
  expectForm(answer);
  expect(await grantExists(fixture, keyId, grantId)).toBe(true);
  return `${answer.status} ${answer.body.error_code}`;
}
