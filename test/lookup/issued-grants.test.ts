/** What a user issued on keys of an upstream KMS is found by listing the grants of every key. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Grant } from '../../lib/domain/model.ts';
import { listIssuedGrants } from '../../lib/lookup/issued-grants.ts';
import { requestContext } from '../authority/standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from '../authority/upstream/scripted-upstream.ts';
import { type SimulatedKms, simulateKms } from '../authority/upstream/simulated-kms.ts';

/** The issuer of `upstreamGrant`. */
const ISSUER = 'c0000000000000000000000000000009';
const REFUSED = kmsError(403, 'KMS.0307');

let fixture: UpstreamFixture;
let kms: SimulatedKms;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
  const others = [
    upstreamGrant(3, { issuing_principal: 'another' }),
    upstreamGrant(4, { issuing_principal: undefined }),
  ];
  const onOtherKey = upstreamGrant(1, { key_id: OTHER_KEY });
  kms = simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(2), ...others, onOtherKey]);
});
afterEach(() => fixture.close());

async function list(keyId?: string, page = { limit: 1000 }) {
  const context = requestContext('list-issued-grants');
  const result = await listIssuedGrants(fixture.openAuthority(), context, { issuer: ISSUER, keyId }, page);
  return { ...result, ids: (JSON.parse(result.json) as Grant[]).map(({ grant_id }) => grant_id) };
}

test('the issued grants of all keys are listed in the order of their ids, in pages, each with the total', async () => {
  expect(await list()).toMatchObject({ ids: [grantIdOf(1), grantIdOf(2)], total: 2, failed: [] });
  const first = await list(undefined, { limit: 1 });
  expect([first.ids, first.total, first.next]).toEqual([[grantIdOf(1)], 2, grantIdOf(1)]);
});

test('with a key, only its grants are read', async () => {
  expect(await list(KEY)).toMatchObject({ ids: [grantIdOf(2)], total: 1 });
  expect(fixture.received.map(({ api, fields }) => [api, fields['key_id']])).toEqual([['list-grants', KEY]]);
});

test('a key that cannot be read is named; when none can be read, its error is the answer', async () => {
  kms.listReplies.set(KEY, REFUSED);
  const { ids, failed = [] } = await list();
  expect([ids, failed.map(({ keyId }) => keyId)]).toEqual([[grantIdOf(1)], [KEY]]);
  kms.listReplies.set(OTHER_KEY, REFUSED);
  await expect(list()).rejects.toMatchObject({ publicCode: 'KMS.0307' });
});
