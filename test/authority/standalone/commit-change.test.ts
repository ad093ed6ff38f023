import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KmsError } from '../../../lib/errors.ts';
import {
  CREATOR,
  codeOf,
  FOREIGN_PROJECT,
  GRANTEE,
  grantAsk,
  HOUR_MS,
  keyAsk,
  openWorld,
  PROJECT,
  requestContext,
  type World,
} from './fixture.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const OTHER_SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cf0';
const SIGNATURE = 'cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842';
const OTHER_SIGNATURE = '436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f';

let world: World;
let keyId: string;

beforeEach(async () => {
  world = await openWorld();
  ({ keyId } = await world.authority.createKey(requestContext('create-key'), keyAsk('orders')));
});
afterEach(() => world.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const create = (over: Parameters<typeof requestContext>[1]) =>
  world.authority.createGrant(requestContext('create-grant', over), grantAsk(keyId));
const revoke = (grantId: string, over: Parameters<typeof requestContext>[1]) =>
  world.authority.revokeGrant(requestContext('revoke-grant', over), keyId, grantId);

test('the same sequence and body again: the first answer, done once', async () => {
  const first = await create({ sequence: SEQUENCE });
  expect(first.grant_id).toMatch(/^[a-f0-9]{64}$/);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  expect(await world.grantsOf(keyId)).toHaveLength(1);
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key']);
});

test('16 times at once: one grant, and its id for all', async () => {
  const answers = await Promise.all(Array.from({ length: 16 }, () => create({ sequence: SEQUENCE })));
  expect(new Set(answers.map(({ grant_id }) => grant_id)).size).toBe(1);
  expect(await world.grantsOf(keyId)).toHaveLength(1);
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key']);
});

test('a revoke sent again is answered as the first, alone or 16 times at once, and leaves one event', async () => {
  const { grant_id } = await create({});
  const answers = await Promise.all(Array.from({ length: 16 }, () => revoke(grant_id, { sequence: SEQUENCE })));
  expect(answers).toEqual(Array(16).fill({}));
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a key made twice by a retry is one key, told alike', async () => {
  const again = () =>
    world.authority.createKey(requestContext('create-key', { sequence: SEQUENCE }), keyAsk('payroll'));
  expect(await again()).toEqual(await again());
  expect(await world.store.grants.keyCount(PROJECT)).toBe(2);
});

test('a schedule sent again does not move the date', async () => {
  const schedule = () =>
    world.authority.scheduleKeyDeletion(requestContext('schedule-key-deletion', { sequence: SEQUENCE }), keyId, 7);
  const first = await schedule();
  world.clock.nowMs += 1000;
  expect((await schedule()).deletionAtMs).toBe(first.deletionAtMs);
  expect((await world.key(keyId)).deletionAtMs).toBe(first.deletionAtMs);
});

test('the sequence is part of the event', async () => {
  await create({ sequence: SEQUENCE });
  const [event] = (await world.events()).filter(({ action }) => action === 'create-grant');
  expect(event).toMatchObject({ sequence: SEQUENCE, actor: CREATOR });
});

test.each([
  ['another body', { sequence: SEQUENCE, body: bytes('{ }') }],
  ['another sequence', { sequence: OTHER_SEQUENCE }],
  ['no sequence', {}],
])('with %s it is another request', async (_, other) => {
  const first = await create({ sequence: SEQUENCE });
  expect(await create(other)).not.toEqual(first);
  expect(await world.grantsOf(keyId)).toHaveLength(2);
});

test('from another caller it is another request', async () => {
  const operations = ['create-grant', 'describe-key'] as const;
  const delegated = grantAsk(keyId, { operations });
  const first = await world.authority.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), delegated);
  const second = await world.authority.createGrant(
    requestContext('create-grant', { sequence: SEQUENCE, userId: GRANTEE }),
    delegated,
  );
  expect(second).not.toEqual(first);
  const issuers = (await world.grantsOf(keyId)).map((grant) => grant.issuing_principal);
  expect(issuers.sort()).toEqual([CREATOR, GRANTEE]);
});

test('another caller with the same sequence and body is not told the first answer', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  expect(await codeOf(revoke(grant_id, { sequence: SEQUENCE, userId: GRANTEE }))).toBe('KMS.0306');
});

test('as another operation it is another request', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  const retired = world.authority.retireGrant(requestContext('retire-grant', { sequence: SEQUENCE }), keyId, grant_id);
  expect(await codeOf(retired)).toBe('KMS.2501');
});

test('in another project it is another request', async () => {
  const [here, there] = await Promise.all(
    [PROJECT, FOREIGN_PROJECT].map((projectId) =>
      world.authority.createKey(requestContext('create-key', { sequence: SEQUENCE, projectId }), keyAsk('payroll')),
    ),
  );
  expect([here?.projectId, there?.projectId]).toEqual([PROJECT, FOREIGN_PROJECT]);
  expect(here?.keyId).not.toBe(there?.keyId);
});

test('it is remembered for an hour: within it a repeat, from then on another request', async () => {
  const first = await create({ sequence: SEQUENCE });
  world.clock.nowMs += HOUR_MS - 1;
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  world.clock.nowMs += 1;
  const second = await create({ sequence: SEQUENCE });
  expect(second).not.toEqual(first);
  expect(await create({ sequence: SEQUENCE })).toEqual(second);
  expect(await world.grantsOf(keyId)).toHaveLength(2);
});

test('an hour after a revoke the same request is KMS.2501', async () => {
  const { grant_id } = await create({});
  await revoke(grant_id, { sequence: SEQUENCE });
  world.clock.nowMs += HOUR_MS;
  expect(await codeOf(revoke(grant_id, { sequence: SEQUENCE }))).toBe('KMS.2501');
});

test('a repeat does not lengthen the hour', async () => {
  const first = await create({ sequence: SEQUENCE });
  world.clock.nowMs += HOUR_MS / 2;
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  world.clock.nowMs += HOUR_MS / 2;
  expect(await create({ sequence: SEQUENCE })).not.toEqual(first);
});

test('a signed request that was refused stays refused, and a newly signed one is judged anew', async () => {
  await world.authority.disableKey(requestContext('disable-key'), keyId);
  expect(await codeOf(create({ sequence: SEQUENCE, signature: SIGNATURE }))).toBe('KMS.0209');
  await world.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await codeOf(create({ sequence: SEQUENCE, signature: SIGNATURE }))).toBe('KMS.0209');
  expect(await world.grantsOf(keyId)).toHaveLength(0);
  expect(await create({ sequence: SEQUENCE, signature: OTHER_SIGNATURE })).toEqual({ grant_id: expect.any(String) });
});

test('a signed request that came too late is no refusal: the same again is done', async () => {
  const { grant_id } = await create({});
  let isSlow = true;
  const { grants } = world.store;
  const grant: typeof grants.grant = async (...ids) => {
    if (isSlow) throw new KmsError('APIGW.0201:504');
    return grants.grant(...ids);
  };
  const slow = world.over({ ...world.store, grants: { ...grants, grant } });
  const signed = requestContext('revoke-grant', { signature: SIGNATURE });
  expect(await codeOf(slow.revokeGrant(signed, keyId, grant_id))).toBe('APIGW.0201:504');
  isSlow = false;
  expect(await slow.revokeGrant(signed, keyId, grant_id)).toEqual({});
  expect(await world.grantsOf(keyId)).toEqual([]);
});

test('an unsigned request that was refused is not remembered: once the reason is gone, it is done', async () => {
  await world.authority.disableKey(requestContext('disable-key'), keyId);
  expect(await codeOf(create({ sequence: SEQUENCE }))).toBe('KMS.0209');
  await world.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await create({ sequence: SEQUENCE })).toEqual({ grant_id: expect.any(String) });
  expect(await world.grantsOf(keyId)).toHaveLength(1);
});

test('a repeat is answered even when it could no longer be done: key disabled, quota reached', async () => {
  const first = await create({ sequence: SEQUENCE });
  await world.authority.disableKey(requestContext('disable-key'), keyId);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  const full = world.over(world.store, { grantsPerKey: 1 });
  await world.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await full.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantAsk(keyId))).toEqual(
    first,
  );
});

test('a signed request without sequence is known by its signature', async () => {
  const first = await create({ signature: SIGNATURE });
  expect(await create({ signature: SIGNATURE })).toEqual(first);
  expect(await create({ signature: OTHER_SIGNATURE })).not.toEqual(first);
  expect(await world.grantsOf(keyId)).toHaveLength(2);
});

test('a captured revoke that is sent again does nothing', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { signature: SIGNATURE })).toEqual({});
  expect(await revoke(grant_id, { signature: SIGNATURE })).toEqual({});
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a retry that was signed anew is known by its sequence', async () => {
  const first = await create({ sequence: SEQUENCE, signature: SIGNATURE });
  expect(await create({ sequence: SEQUENCE, signature: OTHER_SIGNATURE })).toEqual(first);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  expect(await world.grantsOf(keyId)).toHaveLength(1);
});

test('a sequence is never taken for a signature of the same text', async () => {
  const first = await create({ sequence: SIGNATURE });
  expect(await create({ signature: SIGNATURE })).not.toEqual(first);
});

test('with neither sequence nor signature, two requests are two', async () => {
  const [first, second] = [await create({}), await create({})];
  expect(first).not.toEqual(second);
  expect(await world.grantsOf(keyId)).toHaveLength(2);
});
