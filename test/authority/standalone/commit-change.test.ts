import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newEvent } from '../../../lib/domain/events.ts';
import { KmsError } from '../../../lib/errors.ts';
import type { Change } from '../../../lib/store/store.ts';
import {
  CREATOR,
  codeOf,
  DAY_MS,
  FOREIGN_PROJECT,
  GRANTEE,
  grantInput,
  HOUR_MS,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from './fixture.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const OTHER_SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cf0';
const SIGNATURE = 'cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842';
const SEPARATE_MS = 2_000;
const OTHER_SIGNATURE = '436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f';

let fixture: StandaloneFixture;
let keyId: string;

beforeEach(async () => {
  fixture = await openStandaloneFixture();
  ({ keyId } = await fixture.authority.createKey(requestContext('create-key'), keyInput('orders')));
});
afterEach(() => fixture.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const create = (over: Parameters<typeof requestContext>[1]) =>
  fixture.authority.createGrant(requestContext('create-grant', over), grantInput(keyId));
const revoke = (grantId: string, over: Parameters<typeof requestContext>[1]) =>
  fixture.authority.revokeGrant(requestContext('revoke-grant', over), keyId, grantId);

test('a repeat with the same sequence and body gets the first answer and changes nothing', async () => {
  const first = await create({ sequence: SEQUENCE });
  expect(first.grant_id).toMatch(/^[a-f0-9]{64}$/);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key']);
});

test('16 concurrent creates with one sequence create one grant and all return its id', async () => {
  const answers = await Promise.all(Array.from({ length: 16 }, () => create({ sequence: SEQUENCE })));
  expect(new Set(answers.map(({ grant_id }) => grant_id)).size).toBe(1);
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key']);
});

test('repeats of a revoke with the same sequence, 16 of them concurrent, all succeed and write one event', async () => {
  const { grant_id } = await create({});
  const answers = await Promise.all(Array.from({ length: 16 }, () => revoke(grant_id, { sequence: SEQUENCE })));
  expect(answers).toEqual(Array(16).fill({}));
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a repeated create-key with the same sequence returns the first key and creates no second one', async () => {
  const again = () =>
    fixture.authority.createKey(requestContext('create-key', { sequence: SEQUENCE }), keyInput('payroll'));
  expect(await again()).toEqual(await again());
  expect(await fixture.store.grants.keyCount(PROJECT)).toBe(2);
});

test('a repeated schedule-key-deletion with the same sequence does not change the deletion date', async () => {
  const schedule = () =>
    fixture.authority.scheduleKeyDeletion(requestContext('schedule-key-deletion', { sequence: SEQUENCE }), keyId, 7);
  const first = await schedule();
  fixture.clock.nowMs += 1000;
  expect((await schedule()).deletionAtMs).toBe(first.deletionAtMs);
  expect((await fixture.key(keyId)).deletionAtMs).toBe(first.deletionAtMs);
});

test('the event of a change contains the sequence of the request', async () => {
  await create({ sequence: SEQUENCE });
  const [event] = (await fixture.events()).filter(({ action }) => action === 'create-grant');
  expect(event).toMatchObject({ sequence: SEQUENCE, actor: CREATOR });
});

test.each([
  ['another body', { sequence: SEQUENCE, body: bytes('{ }') }],
  ['another sequence', { sequence: OTHER_SEQUENCE }],
  ['no sequence', {}],
])('a create-grant with %s is a new request and creates a second grant', async (_, other) => {
  const first = await create({ sequence: SEQUENCE });
  expect(await create(other)).not.toEqual(first);
  expect(await fixture.grantsOf(keyId)).toHaveLength(2);
});

test('the same sequence and body from another caller is a new request', async () => {
  const operations = ['create-grant', 'describe-key'] as const;
  const delegated = grantInput(keyId, { operations });
  const first = await fixture.authority.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), delegated);
  const second = await fixture.authority.createGrant(
    requestContext('create-grant', { sequence: SEQUENCE, userId: GRANTEE }),
    delegated,
  );
  expect(second).not.toEqual(first);
  const issuers = (await fixture.grantsOf(keyId)).map((grant) => grant.issuing_principal);
  expect(issuers.sort()).toEqual([CREATOR, GRANTEE]);
});

test('another caller with the same sequence and body does not get the first answer, but KMS.0306', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  expect(await codeOf(revoke(grant_id, { sequence: SEQUENCE, userId: GRANTEE }))).toBe('KMS.0306');
});

test('the same sequence and body for another API is a new request', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { sequence: SEQUENCE })).toEqual({});
  const retired = fixture.authority.retireGrant(
    requestContext('retire-grant', { sequence: SEQUENCE }),
    keyId,
    grant_id,
  );
  expect(await codeOf(retired)).toBe('KMS.2501');
});

test('the same sequence and body in another project is a new request', async () => {
  const [key, foreignKey] = await Promise.all(
    [PROJECT, FOREIGN_PROJECT].map((projectId) =>
      fixture.authority.createKey(requestContext('create-key', { sequence: SEQUENCE, projectId }), keyInput('payroll')),
    ),
  );
  expect([key?.projectId, foreignKey?.projectId]).toEqual([PROJECT, FOREIGN_PROJECT]);
  expect(key?.keyId).not.toBe(foreignKey?.keyId);
});

test('an idempotency record is valid for one hour; after that the same request creates another grant', async () => {
  const first = await create({ sequence: SEQUENCE });
  fixture.clock.nowMs += HOUR_MS - 1;
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  fixture.clock.nowMs += 1;
  const second = await create({ sequence: SEQUENCE });
  expect(second).not.toEqual(first);
  expect(await create({ sequence: SEQUENCE })).toEqual(second);
  expect(await fixture.grantsOf(keyId)).toHaveLength(2);
});

test('one hour after a revoke, the same request fails with KMS.2501', async () => {
  const { grant_id } = await create({});
  await revoke(grant_id, { sequence: SEQUENCE });
  fixture.clock.nowMs += HOUR_MS;
  expect(await codeOf(revoke(grant_id, { sequence: SEQUENCE }))).toBe('KMS.2501');
});

test('a repeat does not extend the hour for which the idempotency record is valid', async () => {
  const first = await create({ sequence: SEQUENCE });
  fixture.clock.nowMs += HOUR_MS / 2;
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  fixture.clock.nowMs += HOUR_MS / 2;
  expect(await create({ sequence: SEQUENCE })).not.toEqual(first);
});

test('a signed request that was refused cannot take effect later; with a new signature it is checked again', async () => {
  await fixture.authority.disableKey(requestContext('disable-key'), keyId);
  const refused = () => codeOf(create({ sequence: SEQUENCE, signature: SIGNATURE }));
  expect(await refused()).toBe('KMS.0209');
  fixture.clock.nowMs += SEPARATE_MS;
  expect(await refused()).toBe('KMS.0209');
  await fixture.authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 7);
  expect(await refused()).toBe('KMS.0210');
  await fixture.authority.cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
  await fixture.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await refused()).toBe('APIGW.0301');
  expect(await fixture.grantsOf(keyId)).toHaveLength(0);
  expect(await create({ sequence: SEQUENCE, signature: OTHER_SIGNATURE })).toEqual({ grant_id: expect.any(String) });
});

test('a signed request that failed with a timeout is not recorded as refused: the same request succeeds later', async () => {
  const { grant_id } = await create({});
  let isSlow = true;
  const { grants } = fixture.store;
  const grant: typeof grants.grant = async (...ids) => {
    if (isSlow) throw new KmsError('APIGW.0201:504');
    return grants.grant(...ids);
  };
  const slow = fixture.authorityOver({ ...fixture.store, grants: { ...grants, grant } });
  const signed = requestContext('revoke-grant', { signature: SIGNATURE });
  expect(await codeOf(slow.revokeGrant(signed, keyId, grant_id))).toBe('APIGW.0201:504');
  isSlow = false;
  expect(await slow.revokeGrant(signed, keyId, grant_id)).toEqual({});
  expect(await fixture.grantsOf(keyId)).toEqual([]);
});

test('the refusal of an unsigned request is not recorded: the same request succeeds once the key is enabled', async () => {
  await fixture.authority.disableKey(requestContext('disable-key'), keyId);
  expect(await codeOf(create({ sequence: SEQUENCE }))).toBe('KMS.0209');
  await fixture.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await create({ sequence: SEQUENCE })).toEqual({ grant_id: expect.any(String) });
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
});

test('a repeat gets the first answer even if the key is now disabled or its quota is reached', async () => {
  const first = await create({ sequence: SEQUENCE });
  await fixture.authority.disableKey(requestContext('disable-key'), keyId);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  const full = fixture.authorityOver(fixture.store, { grantsPerKey: 1 });
  await fixture.authority.enableKey(requestContext('enable-key'), keyId);
  expect(await full.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantInput(keyId))).toEqual(
    first,
  );
});

test('a signed request without sequence is a repeat if the signature is the same, from 2 s after the first', async () => {
  const first = await create({ signature: SIGNATURE });
  fixture.clock.nowMs += SEPARATE_MS;
  expect(await create({ signature: SIGNATURE })).toEqual(first);
  expect(await create({ signature: OTHER_SIGNATURE })).not.toEqual(first);
  expect(await fixture.grantsOf(keyId)).toHaveLength(2);
});

test('a replayed signed revoke changes nothing and writes no second event', async () => {
  const { grant_id } = await create({});
  expect(await revoke(grant_id, { signature: SIGNATURE })).toEqual({});
  expect(await codeOf(revoke(grant_id, { signature: SIGNATURE }))).toBe('KMS.2501');
  fixture.clock.nowMs += SEPARATE_MS;
  expect(await revoke(grant_id, { signature: SIGNATURE })).toEqual({});
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('48 creates with one signature, 16 of them at a time, create 48 grants', async () => {
  const ids = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(Array.from({ length: 16 }, () => create({ signature: SIGNATURE })));
    for (const { grant_id } of answers) ids.add(grant_id);
  }
  expect(ids.size).toBe(48);
  expect(await fixture.grantsOf(keyId)).toHaveLength(48);
});

test('of 16 concurrent replays of a create whose grant was revoked, all are refused and nothing is created', async () => {
  const { grant_id } = await create({ signature: SIGNATURE });
  await revoke(grant_id, {});
  fixture.clock.nowMs += SEPARATE_MS;
  const codes = await Promise.all(Array.from({ length: 16 }, () => codeOf(create({ signature: SIGNATURE }))));
  expect(codes).toEqual(Array(16).fill('APIGW.0301'));
  expect(await fixture.grantsOf(keyId)).toEqual([]);
});

test('of two overlapping creates with one signature that arrived over 2 s apart, one creates and both return its id', async () => {
  const { nowMs } = fixture.clock;
  const answers = await Promise.all(
    [0, SEPARATE_MS].map((elapsedMs) => create({ signature: SIGNATURE, arrivedAtMs: nowMs + elapsedMs })),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
});

test('16 concurrent creates with the sequence of a revoked grant create one new grant, and all return its id', async () => {
  const first = await create({ sequence: SEQUENCE });
  await revoke(first.grant_id, {});
  const answers = await Promise.all(Array.from({ length: 16 }, () => create({ sequence: SEQUENCE })));
  expect(new Set(answers.map(({ grant_id }) => grant_id)).size).toBe(1);
  expect(answers[0]).not.toEqual(first);
  expect((await fixture.grantsOf(keyId)).map(({ grant_id }) => grant_id)).toEqual([answers[0]?.grant_id]);
});

test.each([{ sequence: SEQUENCE }, { idempotencyKey: 'k' }, { signature: SIGNATURE }, {}])(
  'disable, enable and disable of a key with %j end with a disabled key, and each answer is true',
  async (over) => {
    const { authority } = fixture;
    expect((await authority.disableKey(requestContext('disable-key', over), keyId)).state).toBe('3');
    expect((await fixture.key(keyId)).state).toBe('3');
    expect((await authority.enableKey(requestContext('enable-key', over), keyId)).state).toBe('2');
    expect((await fixture.key(keyId)).state).toBe('2');
    expect((await authority.disableKey(requestContext('disable-key', over), keyId)).state).toBe('3');
    expect((await fixture.key(keyId)).state).toBe('3');
  },
);

test('a repeated schedule-key-deletion runs again when the key has another deletion date', async () => {
  const { authority, clock } = fixture;
  const schedule = () =>
    authority.scheduleKeyDeletion(requestContext('schedule-key-deletion', { sequence: SEQUENCE }), keyId, 7);
  await schedule();
  await authority.cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
  await authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 8);
  expect(await codeOf(schedule())).toBe('KMS.1402');
  await authority.cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
  clock.nowMs += 1000;
  expect((await schedule()).deletionAtMs).toBe(clock.nowMs + 7 * DAY_MS);
});

test('a repeated create-key runs again when the key has been deleted', async () => {
  const { authority, clock, store } = fixture;
  const createKey = () =>
    authority.createKey(requestContext('create-key', { sequence: SEQUENCE }), keyInput('payroll'));
  const first = await createKey();
  // As if the deletion date had passed within the hour.
  const pending = { state: '4', deletionAtMs: clock.nowMs } as const;
  const commit = (action: string, change: Change) => {
    const origin = { ...requestContext(action), actor: CREATOR };
    return store.grants.commit(change, newEvent(origin, { keyId: first.keyId }, clock.nowMs));
  };
  await commit('schedule-key-deletion', {
    kind: 'update-key',
    keyId: first.keyId,
    from: { state: '2', deletionAtMs: 0 },
    to: pending,
  });
  expect((await createKey()).keyId).toBe(first.keyId);
  await commit('delete-key', { kind: 'remove-key', keyId: first.keyId, deletionAtMs: clock.nowMs });
  expect((await createKey()).keyId).not.toBe(first.keyId);
});

test('a retry with the same sequence and a new signature is a repeat', async () => {
  const first = await create({ sequence: SEQUENCE, signature: SIGNATURE });
  expect(await create({ sequence: SEQUENCE, signature: OTHER_SIGNATURE })).toEqual(first);
  expect(await create({ sequence: SEQUENCE })).toEqual(first);
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
});

test('a sequence and a signature with the same text are different idempotency keys', async () => {
  const first = await create({ sequence: SIGNATURE });
  expect(await create({ signature: SIGNATURE })).not.toEqual(first);
});

test('without sequence and signature, two equal requests create two grants', async () => {
  const [first, second] = [await create({}), await create({})];
  expect(first).not.toEqual(second);
  expect(await fixture.grantsOf(keyId)).toHaveLength(2);
});
