/**
 * Concurrent changes that conflict with each other.
 * Also tests: lib/authority/standalone/, lib/authority/authority.ts.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  CREATOR,
  codeOf,
  DOMAIN,
  GRANTEE,
  grantInput,
  interleaved,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from './fixture.ts';

let fixture: StandaloneFixture;
let keyId: string;

beforeEach(async () => {
  fixture = await openStandaloneFixture({ grantsPerKey: 10, keysPerProject: 5 });
  ({ keyId } = await fixture.authority.createKey(requestContext('create-key'), keyInput('orders')));
});
afterEach(() => fixture.close());

const sendSixteen = <T>(send: (index: number) => Promise<T>): Promise<unknown[]> =>
  Promise.all(Array.from({ length: 16 }, (_, index) => codeOf(send(index))));

const grant = (over = {}) => fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId, over));

test('of 16 concurrent revokes of one grant, one succeeds and 15 fail with KMS.2501', async () => {
  const { grant_id } = await grant();
  await grant();
  const answers = await sendSixteen(() =>
    fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id),
  );
  expect(answers.sort()).toEqual([...Array(15).fill('KMS.2501'), 'answered: {}']);
  expect(await fixture.grantsOf(keyId)).toHaveLength(1);
  const events = await fixture.store.events.list(PROJECT, { grantId: grant_id }, 10);
  expect(events.map(({ action }) => action).sort()).toEqual(['create-grant', 'revoke-grant']);
});

test('of 8 concurrent revokes and 8 retires of one grant, one succeeds', async () => {
  const { grant_id } = await grant();
  const answers = await sendSixteen((index) =>
    index % 2 === 0
      ? fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id)
      : fixture.authority.retireGrant(requestContext('retire-grant'), keyId, grant_id),
  );
  expect(answers.filter((answer) => answer === 'answered: {}')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'KMS.2501')).toHaveLength(15);
  expect(await fixture.grantsOf(keyId)).toEqual([]);
});

test('16 concurrent creates fill the quota of grants exactly; the others fail with KMS.2404', async () => {
  for (let n = 0; n < 4; n += 1) await grant();
  const answers = await sendSixteen(() => grant());
  expect(answers.filter((answer) => answer === 'KMS.2404')).toHaveLength(10);
  expect(await fixture.grantsOf(keyId)).toHaveLength(10);
  expect(await fixture.actionsOn(keyId)).toEqual([...Array(10).fill('create-grant'), 'create-key']);
});

test('16 concurrent create-key calls fill the quota of keys exactly; the others fail with KMS.1105', async () => {
  const answers = await sendSixteen((index) =>
    fixture.authority.createKey(requestContext('create-key'), keyInput(`key-${index}`)),
  );
  expect(answers.filter((answer) => answer === 'KMS.1105')).toHaveLength(12);
  expect(await fixture.store.grants.keyCount(PROJECT)).toBe(5);
});

test('of 16 concurrent create-key calls with one alias, one succeeds and the others fail with KMS.1104', async () => {
  const answers = await sendSixteen(() => fixture.authority.createKey(requestContext('create-key'), keyInput('same')));
  expect(answers.filter((answer) => answer === 'KMS.1104')).toHaveLength(15);
  expect(await fixture.store.grants.keyCount(PROJECT)).toBe(2);
});

test('of 16 concurrent disable-key calls, one succeeds and the others fail with KMS.1301', async () => {
  const answers = await sendSixteen(() => fixture.authority.disableKey(requestContext('disable-key'), keyId));
  expect(answers.filter((answer) => answer === 'KMS.1301')).toHaveLength(15);
  expect(await fixture.actionsOn(keyId)).toEqual(['create-key', 'disable-key']);
});

test('a create-grant whose key is disabled before the commit fails with KMS.0209 and creates no grant', async () => {
  const store = interleaved(fixture.store, () => fixture.authority.disableKey(requestContext('disable-key'), keyId));
  expect(
    await codeOf(fixture.authorityOver(store).createGrant(requestContext('create-grant'), grantInput(keyId))),
  ).toBe('KMS.0209');
  expect(await fixture.grantsOf(keyId)).toEqual([]);
  expect(await fixture.actionsOn(keyId)).toEqual(['create-key', 'disable-key']);
});

test('of creates concurrent with a disable-key, those after it fail with KMS.0209 and create no grant', async () => {
  const disabled = fixture.authority.disableKey(requestContext('disable-key'), keyId);
  const answers = await sendSixteen((index) => (index < 8 ? grant() : disabled.then(() => grant())));
  expect(answers.slice(8)).toEqual(Array(8).fill('KMS.0209'));
  const created = answers.filter((answer) => String(answer).startsWith('answered'));
  expect(answers.filter((answer) => answer === 'KMS.0209')).toHaveLength(16 - created.length);
  expect(await fixture.grantsOf(keyId)).toHaveLength(created.length);
});

test('a create-grant whose delegation is revoked before the commit fails with KMS.0306 and creates no grant', async () => {
  const { grant_id } = await grant({ operations: ['create-grant', 'describe-key'] });
  const delegated = grantInput(keyId, { grantee: 'someone' });
  const revoke = () => fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = fixture.authorityOver(interleaved(fixture.store, revoke));
  expect(await codeOf(racing.createGrant(requestContext('create-grant', { userId: GRANTEE }), delegated))).toBe(
    'KMS.0306',
  );
  expect(await fixture.grantsOf(keyId)).toEqual([]);
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a create-grant whose delegation is revoked before the commit succeeds if another grant gives the same operations', async () => {
  const operations = ['create-grant', 'describe-key'] as const;
  const { grant_id } = await grant({ operations });
  await grant({ operations, grantee: DOMAIN, granteeType: 'domain' });
  const revoke = () => fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = fixture.authorityOver(interleaved(fixture.store, revoke));
  await racing.createGrant(
    requestContext('create-grant', { userId: GRANTEE }),
    grantInput(keyId, { grantee: 'someone' }),
  );
  const grants = (await fixture.grantsOf(keyId)).map(
    (held) => `${held.issuing_principal} to ${held.grantee_principal}`,
  );
  expect(grants.sort()).toEqual([`${CREATOR} to ${DOMAIN}`, `${GRANTEE} to someone`]);
});

test('a retire whose grant is revoked before the commit fails with KMS.2501 and writes no event', async () => {
  const { grant_id } = await grant();
  const revoke = () => fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = fixture.authorityOver(interleaved(fixture.store, revoke));
  expect(await codeOf(racing.retireGrant(requestContext('retire-grant'), keyId, grant_id))).toBe('KMS.2501');
  expect(await fixture.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a create whose first commit is a conflict succeeds with the next attempt and creates one grant', async () => {
  for (let n = 0; n < 9; n += 1) await grant();
  const [oldest] = await fixture.grantsOf(keyId);
  let commitCount = 0;
  const { grants } = fixture.store;
  const commit: typeof grants.commit = async (...change) => {
    commitCount += 1;
    if (commitCount > 1) return grants.commit(...change);
    await grant();
    const outcome = await grants.commit(...change);
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, oldest?.grant_id ?? '');
    return outcome;
  };
  const store = { ...fixture.store, grants: { ...grants, commit } };
  await fixture.authorityOver(store).createGrant(requestContext('create-grant'), grantInput(keyId, { name: 'late' }));
  expect((await fixture.grantsOf(keyId)).filter(({ name }) => name === 'late')).toHaveLength(1);
  expect(await fixture.grantsOf(keyId)).toHaveLength(10);
});

test('a create whose every commit is a conflict fails with 504 and creates no grant', async () => {
  for (let n = 0; n < 9; n += 1) await grant();
  let conflictCount = 0;
  const { grants } = fixture.store;
  const commit: typeof grants.commit = async (...change) => {
    const { grant_id } = await grant();
    const outcome = await grants.commit(...change);
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
    conflictCount += 1;
    return outcome;
  };
  const store = { ...fixture.store, grants: { ...grants, commit } };
  expect(
    await codeOf(fixture.authorityOver(store).createGrant(requestContext('create-grant'), grantInput(keyId))),
  ).toBe('APIGW.0201:504');
  expect(await fixture.grantsOf(keyId)).toHaveLength(9);
  expect((await fixture.actionsOn(keyId)).filter((action) => action === 'revoke-grant')).toHaveLength(conflictCount);
});
