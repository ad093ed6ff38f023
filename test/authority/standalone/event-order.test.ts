/** Events of lib/authority/standalone/commit-change.ts have ids that sort by time, also within a millisecond. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { grantAsk, keyAsk, openWorld, PROJECT, requestContext, type World } from './fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test('events of changes made within one millisecond are listed in the order of the changes', async () => {
  const { keyId } = await world.authority.createKey(requestContext('create-key'), keyAsk('orders'));
  const expected = ['create-key'];
  for (let round = 0; round < 10; round += 1) {
    const { grant_id } = await world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId));
    await world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
    expected.push('create-grant', 'revoke-grant');
  }
  const events = await world.store.events.list(PROJECT, { keyId }, 100);
  expect(events.map(({ action }) => action).reverse()).toEqual(expected);
});
