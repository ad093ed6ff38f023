/** Bulk revokes: the revoke of each grant has its own result, although all belong to one request. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { revokeGrants } from '../../lib/authority/bulk-revoke.ts';
import { revokePrincipalGrants } from '../../lib/authority/revoke-principal-grants.ts';
import { type JobFixture, newId, noDeadline, openJobFixture } from '../webhooks/jobs/fixture.ts';
import { requestContext } from './standalone/fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

test.each([
  ['a signature', { signature: 'f'.repeat(64) }],
  ['a sequence', { sequence: 'sequence-0123456789' }],
])('with %s on the request, the result of one revoke is not reused for the other grants', async (_, idempotency) => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 3);
  const gone = { key_id: keyId, grant_id: '0'.repeat(64) };
  const context = requestContext('revoke-principal-grants', idempotency);
  // The missing grant comes first: if its result were recorded for the request, the next call would reuse it.
  expect(await revokeGrants(jobs.authority, context, [gone], noDeadline)).toEqual([{ grant: gone, result: 'gone' }]);
  const grants = ids.map((grant_id) => ({ key_id: keyId, grant_id }));
  const results = await revokeGrants(jobs.authority, context, grants, noDeadline);
  expect(results.map(({ result }) => result)).toEqual(['revoked', 'revoked', 'revoked']);
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  // Each grant has its own event: no revoke was treated as a repeat of another one.
  const events = await jobs.eventsOf(context.requestId, grantee);
  expect(events.map(({ grant }) => grant?.grant_id).sort()).toEqual([...ids].sort());
});

test('a dry run with a digest revokes nothing, whether the digest matches or not', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 2);
  const { authority, store, clock } = jobs;
  const deps = { authority, store, now: () => clock.nowMs, isSingleHost: true };
  const selection = { grantee, isDryRun: true };
  const dryRun = (digest?: string) =>
    revokePrincipalGrants(deps, requestContext('revoke-principal-grants', { sequence: newId() }), {
      ...selection,
      digest,
    });
  const reply = (await dryRun()) as { total: number; digest: string };
  expect(reply).toMatchObject({ dry_run: true, total: 2, keys: [{ key_id: keyId, total: 2 }] });
  expect(await dryRun(reply.digest)).toEqual(reply);
  expect(await dryRun('0'.repeat(64))).toEqual(reply);
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...ids].sort());
});

test('when the passed-on grants cannot be counted, a dry run and a revoke succeed without passed_on', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  await jobs.newGrants(keyId, grantee, 2);
  const issuedGrants = () => Promise.reject(new Error('the store does not respond'));
  const authority = { ...jobs.authority, issuedGrants };
  const deps = { authority, store: jobs.store, now: () => jobs.clock.nowMs, isSingleHost: true };
  const call = (isDryRun: boolean) =>
    revokePrincipalGrants(deps, requestContext('revoke-principal-grants'), { grantee, isDryRun });
  expect(await call(true)).toMatchObject({ total: 2, passed_on: undefined });
  expect(await call(false)).toEqual({ revoked: 2, failed: [], remaining: 0, passed_on: undefined });
});
