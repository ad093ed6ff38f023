/** The grants on keys of an upstream KMS are counted by list-grants. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newEvent } from '../../lib/domain/events.ts';
import { listKeyUsage } from '../../lib/lookup/key-usage.ts';
import { requestContext } from '../authority/standalone/fixture.ts';
import {
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from '../authority/upstream/scripted-upstream.ts';
import { keyRow, listOf, type SimulatedKms, simulateKms } from '../authority/upstream/simulated-kms.ts';

let fixture: UpstreamFixture;
let kms: SimulatedKms;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
  kms = simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(1), upstreamGrant(2)]);
});
afterEach(() => fixture.close());

const list = () => {
  const services = { authority: fixture.openAuthority(), store: fixture.store };
  return listKeyUsage(services, requestContext('list-key-usage'), undefined, { limit: 50 });
};

test('each key takes one call for one grant, and its total is the number of grants', async () => {
  kms.keys[0] = keyRow(KEY, { creation_date: '1497341531000' });
  const creation = newEvent({ ...requestContext('create-key'), actor: 'ann' }, { keyId: KEY }, Date.now());
  await fixture.store.events.append({ ...creation, upstreamRequestId: 'upstream-1' }, []);
  const { keys, failed } = await list();
  expect([keys, failed]).toEqual([
    [
      { key_id: KEY, key_alias: 'a-key', key_state: '2', grants: 2, created_by: 'ann', creation_date: '1497341531000' },
      { key_id: OTHER_KEY, key_alias: 'a-key', key_state: '2', grants: 0 },
    ],
    [],
  ]);
  const calls = fixture.received.filter(({ api }) => api === 'list-grants');
  expect(calls.map(({ fields }) => fields['limit'])).toEqual(['1', '1']);
});

test('an upstream that does not tell the total is asked for all grants', async () => {
  const [first, second] = kms.grants as [object, object];
  const pages = [listOf([first], { total: undefined, truncated: 'true', next_marker: '1' })];
  kms.keys.pop();
  fixture.replies['list-grants'] = [
    [200, pages[0]],
    [200, listOf([first, second], { total: undefined })],
  ];
  expect((await list()).keys).toMatchObject([{ key_id: KEY, grants: 2 }]);
});

test('a key whose grants cannot be counted is listed without a number and named in failed', async () => {
  kms.listReplies.set(KEY, kmsError(403, 'KMS.0307'));
  const { keys, failed } = await list();
  expect(keys.map(({ key_id, grants }) => [key_id, grants])).toEqual([
    [KEY, undefined],
    [OTHER_KEY, 0],
  ]);
  expect(failed.map(({ keyId, error }) => [keyId, error.publicCode])).toEqual([[KEY, 'KMS.0307']]);
});

test('a grant that cannot be read makes the number unknown', async () => {
  kms.listReplies.set(KEY, [200, listOf([{ operations: 7 }])]);
  const { keys, failed } = await list();
  expect(keys.map(({ grants }) => grants)).toEqual([undefined, 0]);
  expect(failed.map(({ keyId }) => keyId)).toEqual([KEY]);
});
