/** In front of another KMS: how the grants of one principal are found over all keys, and what the receipts of a job hold. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import { GRANTEE, PROJECT, requestContext } from '../standalone/fixture.ts';
import { type CloudWorld, grantIdOf, KEY, kmsError, listed, OTHER_KEY, openCloudWorld } from './scripted-upstream.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = await openCloudWorld();
});
afterEach(() => world.close());

const PAGE = { limit: 100 };
const end = (next_marker: string, total: number) => ({
  next_marker,
  truncated: next_marker === '' ? 'false' : 'true',
  total,
});
const keyAs = (key_id: string) => ({
  key_id,
  domain_id: 'd0000000000000000000000000000001',
  key_alias: 'a-key',
  realm: 'eu-de',
  key_description: '',
  creation_date: '1497341531000',
  scheduled_deletion_date: '',
  key_state: '2',
  default_key_flag: '0',
  key_type: '1',
});
const keyPage = (keys: string[], next = ''): [number, unknown] => [
  200,
  { keys, key_details: keys.map(keyAs), ...end(next, 2) },
];
const grantPage = (...grants: object[]): [number, unknown] => [200, { grants, ...end('', grants.length) }];
const principalGrants = () => world.open().listPrincipalGrants(requestContext('list-principal-grants'), GRANTEE, PAGE);

test('every key is looked at, of whatever kind and on whichever page, and only what is theirs is told', async () => {
  world.script['list-keys'] = [keyPage([KEY], '1'), keyPage([OTHER_KEY])];
  world.script['list-grants'] = [
    grantPage(listed(3), listed(1, { grantee_principal: 'someone' })),
    grantPage(listed(2, { key_id: OTHER_KEY })),
  ];
  const { json, total } = await principalGrants();
  expect((JSON.parse(json) as { grant_id: string }[]).map(({ grant_id }) => grant_id)).toEqual([
    grantIdOf(2),
    grantIdOf(3),
  ]);
  expect(total).toBe(2);
  expect(world.asked.filter(({ api }) => api === 'list-keys').map(({ fields }) => fields)).toEqual([
    { key_spec: 'ALL', limit: '1000' },
    { key_spec: 'ALL', limit: '1000', marker: '1' },
  ]);
});

test('a key that went after it was listed has no grants; a list that is refused is no empty one', async () => {
  world.script['list-keys'] = [keyPage([KEY])];
  world.script['list-grants'] = [kmsError(404, 'KMS.0207')];
  expect(JSON.parse((await principalGrants()).json)).toEqual([]);
  world.script['list-grants'] = [kmsError(403, 'KMS.0307')];
  await expect(principalGrants()).rejects.toMatchObject({ publicCode: 'KMS.0307' });
});

test('the receipt of a grant that is named tells why, and the grant as this service knew it', async () => {
  const grant = listed(1, { operations: ['encrypt-data'] });
  const made = { eventId: '0'.repeat(32), atMs: 1, action: 'create-grant', projectId: PROJECT, keyId: KEY, grant };
  const origin = { actor: 'u1', channel: 'http', requestId: 'r1', upstreamRequestId: 'cloud-0' } as const;
  await world.store.events.append({ ...made, ...origin } as ChangeEvent, []);
  world.script['revoke-grant'] = [[200, {}]];
  const asked = requestContext('grant.revoke', { channel: 'webhook', isBulk: true, reason: 'left the company' });
  await world.open().revokeAny(asked, { key_id: KEY, grant_id: grantIdOf(1) });
  const [newest] = await world.store.events.list(PROJECT, { grantId: grantIdOf(1) }, 1);
  expect(newest).toMatchObject({ action: 'grant.revoke', reason: 'left the company', channel: 'webhook', grant });
});
