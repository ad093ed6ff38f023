/**
 * One hook, 200 grants at a upstream that takes 20 calls a second: all go, nobody else's, and never faster than that.
 */
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
let filled: Awaited<ReturnType<typeof createGrantsAtUpstream>>;
let jobId: string;
let job: JobReply;
let backendEvents: ChangeEvent[];

beforeAll(async () => {
  fixture = await openUpstreamFixture(withWebhookSource({ KMS_RATE_PER_SECOND: String(PER_SECOND) }));
  filled = await createGrantsAtUpstream(fixture, SIZE);
  jobId = await sendWebhook(fixture, { type: 'principal.disabled', data: { grantee_principal: filled.principal } });
  job = await waitForJob(fixture, jobId, ['done', 'waiting', 'leftovers']);
  backendEvents = await fixture.backendEvents();
}, 120_000);
afterAll(() => fixture?.stop());

test('the job is done and tells so', () => {
  expect(job).toMatchObject({ state: 'done', revoked: GRANTS, remaining: 0, leftovers: [] });
});

test('each grant has gone once at the upstream, by the service, and nobody else’s has', async () => {
  const gone = (await fixture.upstreamEvents()).filter(({ action }) => action === 'revoke-grant');
  expect(gone.map(({ grant }) => grant?.grant_id).sort()).toEqual(filled.held);
  expect(new Set(gone.map(({ actor }) => actor))).toEqual(new Set([fixture.creator.user_id]));
  for (const { keyId, grantId } of filled.others) expect(await grantExists(fixture, keyId, grantId)).toBe(true);
});

test('each has one receipt here, with the upstream’s request id and the grant as it was', () => {
  expect(backendEvents.map(({ grant }) => grant?.grant_id).sort()).toEqual(filled.held);
  expect(new Set(backendEvents.map(({ upstreamRequestId }) => upstreamRequestId)).size).toBe(GRANTS);
  for (const event of backendEvents) {
    expect(event).toMatchObject({
      action: 'principal.disabled',
      channel: 'webhook',
      actor: 'hook:hr',
      requestId: jobId,
    });
    expect(event.grant).toMatchObject({ grantee_principal: filled.principal, operations: ['encrypt-data'] });
  }
});

test('no second sees more arrive at the upstream than the rate', () => {
  expect(shortestMs(fixture.proxy, PER_SECOND)).toBeGreaterThan(1_000);
});

test('each grant is asked for once, and the keys are looked through twice', () => {
  const arrived = arrivalsOf(fixture.proxy).length;
  // The demo has two keys more. Before, and after to see that nothing is left: list-keys and each key once.
  expect(arrived).toBe(GRANTS + 2 * (1 + SIZE.keys + 2));
});
