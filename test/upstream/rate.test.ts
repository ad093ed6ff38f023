/** However many call at once: in no second do more calls reach the cloud than configured, and nobody waits too long. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomFrom } from '../signing/random.ts';
import { createAt, isThere } from './actual-state.ts';
import { arrivalsOf, shortestMs } from './arrivals.ts';
import type { Answer } from './client.ts';
import { delayAfter, delayBefore } from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import { expectForm } from './outcomes.ts';

const PER_SECOND = 20;
const LIMIT_MS = 3_000;
/** A hundred calls at once, to processes that have just started. */
const SLACK_MS = 2_000;
const CALLS = 100;

let world: World;
let keyId: string;
let grantIds: string[];
let answers: Answer[];

beforeAll(async () => {
  world = await openWorld({ env: { KMS_TIMEOUT_SECONDS: '3', KMS_RATE_PER_SECOND: String(PER_SECOND) } });
  keyId = world.demo.keys[0]?.key_id ?? '';
  grantIds = await Promise.all(Array.from({ length: CALLS }, () => createAt(world, keyId, 'burst')));
  const random = randomFrom(20);
  world.proxy.choose = () => (random.below(4) === 0 ? delayAfter : delayBefore)(random.below(400));
  answers = await Promise.all(
    grantIds.map((grant_id) => world.ask(world.creator, 'revoke-grant', { key_id: keyId, grant_id })),
  );
}, 60_000);
afterAll(() => world?.stop());

test('no second sees more arrive at the cloud than the rate', () => {
  expect(shortestMs(world.proxy, PER_SECOND)).toBeGreaterThan(1_000);
});

test('the rate is made use of', () => {
  // At once as many as the rate, then as many again after a second and a call, as long as there is time.
  expect(arrivalsOf(world.proxy).length).toBeGreaterThanOrEqual(2 * PER_SECOND);
});

test('whose time is up is told so, in time, and nothing was sent for it', async () => {
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(CALLS - 4 * PER_SECOND);
  const sent = new Set(world.proxy.passages.map(({ body }) => String(body['sequence']).replaceAll('-', '')));
  for (const answer of refused) {
    expectForm(answer);
    expect(answer.body.error_code).toBe('APIGW.0308');
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]$/);
    expect(sent).not.toContain(answer.headers.get('x-request-id'));
  }
  for (const { ms } of answers) expect(ms).toBeLessThan(LIMIT_MS + SLACK_MS);
});

test('who was answered 200 was done, who was refused was not, and few were let through too late', async () => {
  const said = answers.map(({ status }) => status);
  const left = await Promise.all(grantIds.map((grantId) => isThere(world, keyId, grantId)));
  const untrue = said.filter((status, n) => (status === 200 && left[n]) || (status === 429 && !left[n]));
  expect(untrue).toEqual([]);
  const late = said.filter((status) => status !== 200 && status !== 429);
  expect(new Set(late)).toEqual(new Set(late.map(() => 504)));
  expect(late.length).toBeLessThanOrEqual(PER_SECOND);
});

test('afterwards there is room again', async () => {
  const grantId = await createAt(world, keyId, 'after');
  const { status } = await world.ask(world.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  expect(status).toBe(200);
});
