/** A search in front of an upstream KMS, whose API finds no grant by its id or grantee. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Config } from '../../lib/config.ts';
import { newEvent } from '../../lib/domain/events.ts';
import { newJob } from '../../lib/domain/job.ts';
import type { Grant } from '../../lib/domain/model.ts';
import { search } from '../../lib/lookup/search.ts';
import { PROJECT, requestContext } from '../authority/standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from '../authority/upstream/scripted-upstream.ts';
import { keyRow, simulateKms } from '../authority/upstream/simulated-kms.ts';

const GRANTEE = 'c0000000000000000000000000000002';
const REFUSED = kmsError(403, 'KMS.0307');

let fixture: UpstreamFixture;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
});
afterEach(() => fixture.close());

function find(query: string) {
  const authority = fixture.openAuthority();
  const config = { upstream: {} } as Config;
  return search({ authority, config, store: fixture.store }, requestContext('search'), query);
}

/** Records that the grant was created and revoked. */
async function recordRevoke(grant: Grant): Promise<void> {
  const subject = { keyId: grant.key_id, grant };
  for (const action of ['create-grant', 'revoke-grant']) {
    await fixture.store.events.append(newEvent({ ...requestContext(action), actor: 'ann' }, subject, Date.now()), []);
  }
}

test('a principal is found by its grants on all keys, which are listed once', async () => {
  simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(1), upstreamGrant(2, { key_id: OTHER_KEY })]);
  expect(await find(GRANTEE)).toEqual({
    matches: [{ type: 'principal', principal_id: GRANTEE, grants: 2 }],
    failed: [],
  });
  expect(fixture.received.map(({ api }) => api).sort()).toEqual(['list-grants', 'list-grants', 'list-keys']);
  expect(await find('nobody')).toEqual({ matches: [], failed: [] });
});

test('a grant is found among the grants of all keys, and a revoked one by its receipts', async () => {
  simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(7, { key_id: OTHER_KEY })]);
  const match = { type: 'grant', key_id: OTHER_KEY, grant_id: grantIdOf(7), exists: true, grantee_principal: GRANTEE };
  expect((await find(grantIdOf(7))).matches).toEqual([match]);
  await recordRevoke(upstreamGrant(8) as Grant);
  expect((await find(grantIdOf(8))).matches).toEqual([
    { ...match, key_id: KEY, grant_id: grantIdOf(8), exists: false },
  ]);
  expect((await find(grantIdOf(9))).matches).toEqual([]);
});

test('a grant with receipts is not called gone while its key cannot be read', async () => {
  const kms = simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(1, { key_id: OTHER_KEY })]);
  kms.listReplies.set(KEY, REFUSED);
  await recordRevoke(upstreamGrant(8) as Grant);
  const { matches, failed } = await find(grantIdOf(8));
  expect([matches, failed]).toEqual([[], [expect.objectContaining({ keyId: KEY })]]);
});

test('a key is found by the beginning of its alias, without a list of grants for a text that names no principal', async () => {
  const kms = simulateKms(fixture, [KEY, OTHER_KEY]);
  kms.keys[0] = keyRow(KEY, { key_alias: 'Orders/eu' });
  kms.keys[1] = keyRow(OTHER_KEY, { key_alias: undefined });
  expect(await find('orders/')).toEqual({
    matches: [{ type: 'key', key_id: KEY, key_alias: 'Orders/eu', key_state: '2' }],
    failed: [],
  });
  expect(fixture.received.map(({ api }) => api)).toEqual(['list-keys']);
});

test('a key whose grants cannot be read is named, and the rest is found', async () => {
  const kms = simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(1)]);
  kms.listReplies.set(OTHER_KEY, REFUSED);
  const { matches, failed } = await find(GRANTEE);
  expect(matches).toEqual([{ type: 'principal', principal_id: GRANTEE, grants: 1 }]);
  expect(failed.map(({ keyId, error }) => [keyId, error.publicCode])).toEqual([[OTHER_KEY, 'KMS.0307']]);
});

test('when nothing can be read, the error of the upstream is the answer, and not an empty list', async () => {
  const kms = simulateKms(fixture, [KEY], [upstreamGrant(1)]);
  kms.listReplies.set(KEY, REFUSED);
  await expect(find(GRANTEE)).rejects.toMatchObject({ publicCode: 'KMS.0307' });
  fixture.replies['list-keys'] = [REFUSED];
  await expect(find('orders')).rejects.toMatchObject({ publicCode: 'KMS.0307' });
});

test('a job is found although the upstream cannot be read, which is named once', async () => {
  fixture.replies['list-keys'] = [REFUSED];
  const jobId = 'a'.repeat(32);
  const parts = { jobId, source: 'hr', deliveryId: 'msg-1', projectIds: [PROJECT], tasks: [] };
  await fixture.store.jobs.add(newJob(parts, Date.now()));
  const { matches, failed } = await find(jobId);
  expect(matches).toEqual([{ type: 'job', job_id: jobId, state: 'queued' }]);
  expect(failed.map(({ keyId, error }) => [keyId, error.publicCode])).toEqual([['', 'KMS.0307']]);
});
