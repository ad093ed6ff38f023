/** Events of lib/authority/standalone/commit-change.ts have ids that sort by time, also within a millisecond. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from './fixture.ts';

let fixture: StandaloneFixture;
beforeEach(async () => {
  fixture = await openStandaloneFixture();
});
afterEach(() => fixture.close());

test('events of changes made within one millisecond are listed in the order of the changes', async () => {
  const { keyId } = await fixture.authority.createKey(requestContext('create-key'), keyInput('orders'));
  const expected = ['create-key'];
  for (let round = 0; round < 10; round += 1) {
    const { grant_id } = await fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId));
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
    expected.push('create-grant', 'revoke-grant');
  }
  const events = await fixture.store.events.list(PROJECT, { keyId }, 100);
  expect(events.map(({ action }) => action).reverse()).toEqual(expected);
});
