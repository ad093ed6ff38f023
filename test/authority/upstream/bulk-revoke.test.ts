/**
 * With an upstream: how the grants of a principal are found across keys, and what the event of a webhook's revoke
 * holds.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import { GRANTEE, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from './scripted-upstream.ts';

let fixture: UpstreamFixture;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
});
afterEach(() => fixture.close());

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
const principalGrants = () =>
  fixture.openAuthority().listPrincipalGrants(requestContext('list-principal-grants'), GRANTEE, PAGE);

test('a page of the grants of a key asks the upstream for at most 1,000, the documented maximum, however many are wanted', async () => {
  fixture.replies['list-grants'] = [grantPage(upstreamGrant(1))];
  await fixture.openAuthority().listGrants(requestContext('list-grants'), KEY, {}, { limit: 10_000 });
  expect(fixture.received[0]?.fields).toEqual({ key_id: KEY, limit: '1000' });
});

test('listPrincipalGrants reads the grants of every key, on all pages and of every key spec, and returns only those of the grantee', async () => {
  fixture.replies['list-keys'] = [keyPage([KEY], '1'), keyPage([OTHER_KEY])];
  fixture.replies['list-grants'] = [
    grantPage(upstreamGrant(3), upstreamGrant(1, { grantee_principal: 'someone' })),
    grantPage(upstreamGrant(2, { key_id: OTHER_KEY })),
  ];
  const { json, total } = await principalGrants();
  expect((JSON.parse(json) as { grant_id: string }[]).map(({ grant_id }) => grant_id)).toEqual([
    grantIdOf(2),
    grantIdOf(3),
  ]);
  expect(total).toBe(2);
  expect(fixture.received.filter(({ api }) => api === 'list-keys').map(({ fields }) => fields)).toEqual([
    { key_spec: 'ALL', limit: '1000' },
    { key_spec: 'ALL', limit: '1000', marker: '1' },
  ]);
});

test('when list-keys fails, list-principal-grants returns its error', async () => {
  fixture.replies['list-keys'] = [kmsError(403, 'KMS.0307')];
  await expect(principalGrants()).rejects.toMatchObject({ publicCode: 'KMS.0307' });
});

test('the event of revokeAny has the reason, the channel and the grant as recorded when it was created', async () => {
  const grant = upstreamGrant(1, { operations: ['encrypt-data'] });
  const created = { eventId: '0'.repeat(32), atMs: 1, action: 'create-grant', projectId: PROJECT, keyId: KEY, grant };
  const origin = { actor: 'u1', channel: 'http', requestId: 'r1', upstreamRequestId: 'cloud-0' } as const;
  await fixture.store.events.append({ ...created, ...origin } as ChangeEvent, []);
  fixture.replies['revoke-grant'] = [[200, {}]];
  const context = requestContext('grant.revoke', { channel: 'webhook', isBulk: true, reason: 'left the company' });
  await fixture.openAuthority().revokeAny(context, { key_id: KEY, grant_id: grantIdOf(1) });
  const [newest] = await fixture.store.events.list(PROJECT, { grantId: grantIdOf(1) }, 1);
  expect(newest).toMatchObject({ action: 'grant.revoke', reason: 'left the company', channel: 'webhook', grant });
});
