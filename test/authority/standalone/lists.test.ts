import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Grant } from '../../../lib/domain/model.ts';
import {
  GRANTEE,
  grantInput,
  keyInput,
  openStandaloneFixture,
  requestContext,
  type StandaloneFixture,
} from './fixture.ts';

let fixture: StandaloneFixture;
let keyId: string;

beforeEach(async () => {
  fixture = await openStandaloneFixture();
  ({ keyId } = await fixture.authority.createKey(requestContext('create-key'), keyInput('orders')));
});
afterEach(() => fixture.close());

/** Lists the grants of the key, by default with the authority of the fixture, whose page cache is in use. */
async function listed(filter = {}, authority = fixture.authority) {
  const page = await authority.listGrants(requestContext('list-grants'), keyId, filter, { limit: 1000 });
  return { ids: (JSON.parse(page.json) as Grant[]).map((grant) => grant.grant_id), total: page.total };
}

test('a list shows every earlier create and revoke, although the page cache holds older pages', async () => {
  const grantIds: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    fixture.clock.nowMs += 1;
    grantIds.push((await fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId))).grant_id);
    expect(await listed()).toEqual({ ids: grantIds, total: grantIds.length });
    expect(await listed({ grantee: GRANTEE })).toEqual({ ids: grantIds, total: grantIds.length });
  }
  while (grantIds.length > 0) {
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grantIds.pop() ?? '');
    expect(await listed()).toEqual({ ids: grantIds, total: grantIds.length });
    expect(await listed({ grantee: GRANTEE })).toEqual({ ids: grantIds, total: grantIds.length });
  }
});

test('a list shows a revoke followed by a create, although the number of grants is the same as before', async () => {
  const first = await fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId));
  expect(await listed()).toEqual({ ids: [first.grant_id], total: 1 });
  await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, first.grant_id);
  const second = await fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId));
  expect(await listed()).toEqual({ ids: [second.grant_id], total: 1 });
});

test('a list shows a change that another authority over the same store grantIds', async () => {
  const other = fixture.authorityOver(fixture.store);
  const { grant_id } = await fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId));
  expect(await listed()).toEqual({ ids: [grant_id], total: 1 });
  await other.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  expect(await listed()).toEqual({ ids: [], total: 0 });
  expect(await listed({}, other)).toEqual({ ids: [], total: 0 });
});
