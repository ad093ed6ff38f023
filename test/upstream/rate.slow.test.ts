/** The rate limit under 100 concurrent calls: the upstream gets no more calls per second than configured. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomFrom } from '../signing/random.ts';
import { arrivalsOf, shortestMs } from './arrivals.ts';
import type { Answer } from './client.ts';
import { delayAfter, delayBefore } from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { expectForm } from './outcomes.ts';
import { createGrantAtUpstream, grantExists } from './upstream-state.ts';

const PER_SECOND = 20;
const LIMIT_MS = 3_000;
/** Additional time for a hundred concurrent calls of processes that have just started. */
const SLACK_MS = 2_000;
const CALLS = 100;

let fixture: UpstreamFixture;
let keyId: string;
let grantIds: string[];
let answers: Answer[];

beforeAll(async () => {
  fixture = await openUpstreamFixture({ env: { KMS_TIMEOUT_SECONDS: '3', KMS_RATE_PER_SECOND: String(PER_SECOND) } });
  keyId = fixture.demo.keys[0]?.key_id ?? '';
  grantIds = await Promise.all(Array.from({ length: CALLS }, () => createGrantAtUpstream(fixture, keyId, 'burst')));
  const random = randomFrom(20);
  fixture.proxy.choose = () => (random.below(4) === 0 ? delayAfter : delayBefore)(random.below(400));
  answers = await Promise.all(
    grantIds.map((grant_id) => fixture.callBackend(fixture.creator, 'revoke-grant', { key_id: keyId, grant_id })),
  );
}, 60_000);
afterAll(() => fixture?.stop());

test('no second has more calls of the upstream than the rate limit allows', () => {
  expect(shortestMs(fixture.proxy, PER_SECOND)).toBeGreaterThan(1_000);
});

test('the backend uses the rate limit: it sends at least twice the rate within the time limit', () => {
  // One second's worth of calls immediately, and as many again when their slots become free, until the time limit.
  expect(arrivalsOf(fixture.proxy).length).toBeGreaterThanOrEqual(2 * PER_SECOND);
});

test('a call that gets no slot in time is 429 APIGW.0308 with a Retry-After, and nothing is sent to the upstream for it', async () => {
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(CALLS - 4 * PER_SECOND);
  const sent = new Set(fixture.proxy.proxiedCalls.map(({ body }) => String(body['sequence']).replaceAll('-', '')));
  for (const answer of refused) {
    expectForm(answer);
    expect(answer.body.error_code).toBe('APIGW.0308');
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]$/);
    expect(sent).not.toContain(answer.headers.get('x-request-id'));
  }
  for (const { ms } of answers) expect(ms).toBeLessThan(LIMIT_MS + SLACK_MS);
});

test("a revoke with 200 is applied, one with 429 is not, and at most one second's worth of calls ends with 504", async () => {
  const statuses = answers.map(({ status }) => status);
  const exists = await Promise.all(grantIds.map((grantId) => grantExists(fixture, keyId, grantId)));
  const wrong = statuses.filter((status, n) => (status === 200 && exists[n]) || (status === 429 && !exists[n]));
  expect(wrong).toEqual([]);
  const late = statuses.filter((status) => status !== 200 && status !== 429);
  expect(new Set(late)).toEqual(new Set(late.map(() => 504)));
  expect(late.length).toBeLessThanOrEqual(PER_SECOND);
});

test('after the burst a revoke succeeds again', async () => {
  const grantId = await createGrantAtUpstream(fixture, keyId, 'after');
  const { status } = await fixture.callBackend(fixture.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  expect(status).toBe(200);
});
