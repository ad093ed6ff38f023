/** Many grants of one request: each is judged by itself, however the request is known again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { revokeGrants, revokePrincipalGrants } from '../../lib/authority/bulk-revoke.ts';
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
])('with %s on the request, what one of them is answered is no answer to the others', async (_, mark) => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 3);
  const gone = { key_id: keyId, grant_id: '0'.repeat(64) };
  const asked = requestContext('revoke-principal-grants', mark);
  // First by itself, so that whatever is remembered of it is there for the others.
  expect(await revokeGrants(jobs.authority, asked, [gone], noDeadline)).toEqual([{ grant: gone, result: 'gone' }]);
  const grants = ids.map((grant_id) => ({ key_id: keyId, grant_id }));
  const results = await revokeGrants(jobs.authority, asked, grants, noDeadline);
  expect(results.map(({ result }) => result)).toEqual(['revoked', 'revoked', 'revoked']);
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  // Each has made a change of its own, and none is a repeat of another.
  const receipts = await jobs.eventsOf(asked.requestId, grantee);
  expect(receipts.map(({ grant }) => grant?.grant_id).sort()).toEqual([...ids].sort());
});

test('a dry run with a digest only looks, whether the digest fits or not', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 2);
  const { authority, store, clock } = jobs;
  const deps = { authority, idempotency: store.idempotency, now: () => clock.nowMs, isSingleHost: true };
  const ask = { grantee, isDryRun: true };
  const look = (digest?: string) =>
    revokePrincipalGrants(deps, requestContext('revoke-principal-grants', { sequence: newId() }), { ...ask, digest });
  const told = (await look()) as { total: number; digest: string };
  expect(told).toMatchObject({ dry_run: true, total: 2, keys: [{ key_id: keyId, total: 2 }] });
  expect(await look(told.digest)).toEqual(told);
  expect(await look('0'.repeat(64))).toEqual(told);
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...ids].sort());
});
