/** A webhook that revokes 200 grants at an upstream with a rate limit of 20 calls per second. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { arrivalsOf, shortestMs } from './arrivals.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { grantExists } from './upstream-state.ts';
import { createGrantsAtUpstream, type JobReply, sendWebhook, waitForJob, withWebhookSource } from './webhook.ts';

const PER_SECOND = 20;
const SIZE = { keys: 20, each: 10 };
const GRANTS = SIZE.keys * SIZE.each;

let fixture: UpstreamFixture;
let created: Awaited<ReturnType<typeof createGrantsAtUpstream>>;
let jobId: string;
let job: JobReply;
let backendEvents: ChangeEvent[];

beforeAll(async () => {
  fixture = await openUpstreamFixture(withWebhookSource({ KMS_RATE_PER_SECOND: String(PER_SECOND) }));
  created = await createGrantsAtUpstream(fixture, SIZE);
  jobId = await sendWebhook(fixture, { type: 'principal.disabled', data: { grantee_principal: created.principal } });
  job = await waitForJob(fixture, jobId, ['done', 'waiting', 'leftovers']);
  backendEvents = await fixture.backendEvents();
}, 120_000);
afterAll(() => fixture?.stop());

test('the job ends as done and counts 200 revoked grants', () => {
  expect(job).toMatchObject({ state: 'done', revoked: GRANTS, remaining: 0, leftovers: [] });
});

test('each grant of the principal is revoked once at the upstream, and no grant of other grantees', async () => {
  const revokes = (await fixture.upstreamEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(revokes.map(({ grant }) => grant?.grant_id).sort()).toEqual(created.held);
  expect(new Set(revokes.map(({ actor }) => actor))).toEqual(new Set([fixture.creator.user_id]));
  for (const { keyId, grantId } of created.others) expect(await grantExists(fixture, keyId, grantId)).toBe(true);
});

test("each revoked grant has one event with the upstream's request id and the grant as it was", () => {
  expect(backendEvents.map(({ grant }) => grant?.grant_id).sort()).toEqual(created.held);
  expect(new Set(backendEvents.map(({ upstreamRequestId }) => upstreamRequestId)).size).toBe(GRANTS);
  for (const event of backendEvents) {
    expect(event).toMatchObject({
      action: 'principal.disabled',
      channel: 'webhook',
      actor: 'hook:hr',
      requestId: jobId,
    });
    expect(event.grant).toMatchObject({ grantee_principal: created.principal, operations: ['encrypt-data'] });
  }
});

test('no second has more calls of the upstream than the rate limit allows', () => {
  expect(shortestMs(fixture.proxy, PER_SECOND)).toBeGreaterThan(1_000);
});

test('the job calls revoke-grant once per grant, and lists the grants of all keys twice', () => {
  const arrived = arrivalsOf(fixture.proxy).length;
  // Two rounds of list-keys and list-grants of each key, before and after the revokes. The demo has two keys more.
  expect(arrived).toBe(GRANTS + 2 * (1 + SIZE.keys + 2));
});
