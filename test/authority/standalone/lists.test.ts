import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Grant } from '../../../lib/domain/model.ts';
import { GRANTEE, grantAsk, keyAsk, openWorld, requestContext, type World } from './fixture.ts';

let world: World;
let keyId: string;

beforeEach(async () => {
  world = await openWorld();
  ({ keyId } = await world.authority.createKey(requestContext('create-key'), keyAsk('orders')));
});
afterEach(() => world.close());

/** What the list tells of the key, by an authority that has been asked before. */
async function listed(filter = {}, authority = world.authority) {
  const page = await authority.listGrants(requestContext('list-grants'), keyId, filter, { limit: 1000 });
  return { ids: (JSON.parse(page.json) as Grant[]).map((grant) => grant.grant_id), total: page.total };
}

test('every list after a change shows it, however often the page was read before', async () => {
  const made: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    world.clock.nowMs += 1;
    made.push((await world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId))).grant_id);
    expect(await listed()).toEqual({ ids: made, total: made.length });
    expect(await listed({ grantee: GRANTEE })).toEqual({ ids: made, total: made.length });
  }
  while (made.length > 0) {
    await world.authority.revokeGrant(requestContext('revoke-grant'), keyId, made.pop() ?? '');
    expect(await listed()).toEqual({ ids: made, total: made.length });
    expect(await listed({ grantee: GRANTEE })).toEqual({ ids: made, total: made.length });
  }
});

test('a revoke and a create in turn, the count the same, are seen', async () => {
  const first = await world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId));
  expect(await listed()).toEqual({ ids: [first.grant_id], total: 1 });
  await world.authority.revokeGrant(requestContext('revoke-grant'), keyId, first.grant_id);
  const second = await world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId));
  expect(await listed()).toEqual({ ids: [second.grant_id], total: 1 });
});

test('what another authority over the same store changed is seen', async () => {
  const other = world.over(world.store);
  const { grant_id } = await world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId));
  expect(await listed()).toEqual({ ids: [grant_id], total: 1 });
  await other.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  expect(await listed()).toEqual({ ids: [], total: 0 });
  expect(await listed({}, other)).toEqual({ ids: [], total: 0 });
});
