/** Changes that race with each other. Also tests: lib/authority/standalone/, lib/authority/authority.ts. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  CREATOR,
  codeOf,
  DOMAIN,
  GRANTEE,
  grantAsk,
  interleaved,
  keyAsk,
  openWorld,
  PROJECT,
  requestContext,
  type World,
} from './fixture.ts';

let world: World;
let keyId: string;

beforeEach(async () => {
  world = await openWorld({ grantsPerKey: 10, keysPerProject: 5 });
  ({ keyId } = await world.authority.createKey(requestContext('create-key'), keyAsk('orders')));
});
afterEach(() => world.close());

const sixteen = <T>(ask: (index: number) => Promise<T>): Promise<unknown[]> =>
  Promise.all(Array.from({ length: 16 }, (_, index) => codeOf(ask(index))));

const grant = (over = {}) => world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId, over));

test('16 revokes of one grant at once: one is done, 15 are KMS.2501, and all counts are exact', async () => {
  const { grant_id } = await grant();
  await grant();
  const answers = await sixteen(() => world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id));
  expect(answers.sort()).toEqual([...Array(15).fill('KMS.2501'), 'answered: {}']);
  expect(await world.grantsOf(keyId)).toHaveLength(1);
  const events = await world.store.events.list(PROJECT, { grantId: grant_id }, 10);
  expect(events.map(({ action }) => action).sort()).toEqual(['create-grant', 'revoke-grant']);
});

test('8 revokes and 8 retires of one grant at once: one of them is done', async () => {
  const { grant_id } = await grant();
  const answers = await sixteen((index) =>
    index % 2 === 0
      ? world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id)
      : world.authority.retireGrant(requestContext('retire-grant'), keyId, grant_id),
  );
  expect(answers.filter((answer) => answer === 'answered: {}')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'KMS.2501')).toHaveLength(15);
  expect(await world.grantsOf(keyId)).toEqual([]);
});

test('16 creates at once at the edge of the quota: exactly the quota is made, the others are KMS.2404', async () => {
  for (let made = 0; made < 4; made += 1) await grant();
  const answers = await sixteen(() => grant());
  expect(answers.filter((answer) => answer === 'KMS.2404')).toHaveLength(10);
  expect(await world.grantsOf(keyId)).toHaveLength(10);
  expect(await world.actionsOn(keyId)).toEqual([...Array(10).fill('create-grant'), 'create-key']);
});

test('16 keys at once at the edge of the quota: exactly the quota is made, the others are KMS.1105', async () => {
  const answers = await sixteen((index) =>
    world.authority.createKey(requestContext('create-key'), keyAsk(`key-${index}`)),
  );
  expect(answers.filter((answer) => answer === 'KMS.1105')).toHaveLength(12);
  expect(await world.store.grants.keyCount(PROJECT)).toBe(5);
});

test('16 keys at once with one alias: one is made, the others are KMS.1104', async () => {
  const answers = await sixteen(() => world.authority.createKey(requestContext('create-key'), keyAsk('same')));
  expect(answers.filter((answer) => answer === 'KMS.1104')).toHaveLength(15);
  expect(await world.store.grants.keyCount(PROJECT)).toBe(2);
});

test('16 disables at once: one is done, the others are KMS.1301', async () => {
  const answers = await sixteen(() => world.authority.disableKey(requestContext('disable-key'), keyId));
  expect(answers.filter((answer) => answer === 'KMS.1301')).toHaveLength(15);
  expect(await world.actionsOn(keyId)).toEqual(['create-key', 'disable-key']);
});

test('a grant asked for while its key is disabled is KMS.0209, and none is made', async () => {
  const store = interleaved(world.store, () => world.authority.disableKey(requestContext('disable-key'), keyId));
  expect(await codeOf(world.over(store).createGrant(requestContext('create-grant'), grantAsk(keyId)))).toBe('KMS.0209');
  expect(await world.grantsOf(keyId)).toEqual([]);
  expect(await world.actionsOn(keyId)).toEqual(['create-key', 'disable-key']);
});

test('creates in a race with a disable: each is made before it or KMS.0209, and none after', async () => {
  const disabled = world.authority.disableKey(requestContext('disable-key'), keyId);
  const answers = await sixteen((index) => (index < 8 ? grant() : disabled.then(() => grant())));
  expect(answers.slice(8)).toEqual(Array(8).fill('KMS.0209'));
  const made = answers.filter((answer) => String(answer).startsWith('answered'));
  expect(answers.filter((answer) => answer === 'KMS.0209')).toHaveLength(16 - made.length);
  expect(await world.grantsOf(keyId)).toHaveLength(made.length);
});

test('a delegation that is revoked between decision and write no longer counts: KMS.0306, nothing made', async () => {
  const { grant_id } = await grant({ operations: ['create-grant', 'describe-key'] });
  const passOn = grantAsk(keyId, { grantee: 'someone' });
  const revoke = () => world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = world.over(interleaved(world.store, revoke));
  expect(await codeOf(racing.createGrant(requestContext('create-grant', { userId: GRANTEE }), passOn))).toBe(
    'KMS.0306',
  );
  expect(await world.grantsOf(keyId)).toEqual([]);
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a delegation that is revoked while another grant gives the same still counts', async () => {
  const operations = ['create-grant', 'describe-key'] as const;
  const { grant_id } = await grant({ operations });
  await grant({ operations, grantee: DOMAIN, granteeType: 'domain' });
  const revoke = () => world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = world.over(interleaved(world.store, revoke));
  await racing.createGrant(
    requestContext('create-grant', { userId: GRANTEE }),
    grantAsk(keyId, { grantee: 'someone' }),
  );
  const told = (await world.grantsOf(keyId)).map((left) => `${left.issuing_principal} to ${left.grantee_principal}`);
  expect(told.sort()).toEqual([`${CREATOR} to ${DOMAIN}`, `${GRANTEE} to someone`]);
});

test('a retire that loses to a revoke is KMS.2501 and leaves one event', async () => {
  const { grant_id } = await grant();
  const revoke = () => world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
  const racing = world.over(interleaved(world.store, revoke));
  expect(await codeOf(racing.retireGrant(requestContext('retire-grant'), keyId, grant_id))).toBe('KMS.2501');
  expect(await world.actionsOn(keyId)).toEqual(['create-grant', 'create-key', 'revoke-grant']);
});

test('a create that lost one race is made with the next attempt, once', async () => {
  for (let made = 0; made < 9; made += 1) await grant();
  const [oldest] = await world.grantsOf(keyId);
  let times = 0;
  const { grants } = world.store;
  const commit: typeof grants.commit = async (...change) => {
    times += 1;
    if (times > 1) return grants.commit(...change);
    await grant();
    const outcome = await grants.commit(...change);
    await world.authority.revokeGrant(requestContext('revoke-grant'), keyId, oldest?.grant_id ?? '');
    return outcome;
  };
  const store = { ...world.store, grants: { ...grants, commit } };
  await world.over(store).createGrant(requestContext('create-grant'), grantAsk(keyId, { name: 'late' }));
  expect((await world.grantsOf(keyId)).filter(({ name }) => name === 'late')).toHaveLength(1);
  expect(await world.grantsOf(keyId)).toHaveLength(10);
});

test('who loses every race is told 504 in the end, and nothing of the attempts is left', async () => {
  for (let made = 0; made < 9; made += 1) await grant();
  let lost = 0;
  const { grants } = world.store;
  const commit: typeof grants.commit = async (...change) => {
    const { grant_id } = await grant();
    const outcome = await grants.commit(...change);
    await world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant_id);
    lost += 1;
    return outcome;
  };
  const store = { ...world.store, grants: { ...grants, commit } };
  expect(await codeOf(world.over(store).createGrant(requestContext('create-grant'), grantAsk(keyId)))).toBe(
    'APIGW.0201:504',
  );
  expect(await world.grantsOf(keyId)).toHaveLength(9);
  expect((await world.actionsOn(keyId)).filter((action) => action === 'revoke-grant')).toHaveLength(lost);
});
