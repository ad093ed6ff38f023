/**
 * The APIs of provisioned users.
 * Also tests: functions/directory/update-provisioned-user.ts, lib/webhooks/provisioning-source.ts.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ProvisionedUser } from '../../../lib/domain/provisioned.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { type DirectoryService, sourcesOfBoth, startDirectoryService } from './fixture.ts';

const ANN: ProvisionedUser = {
  source: 'idp',
  type: 'User',
  id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  userName: 'Ann',
  externalId: 'Ext-7',
  active: true,
  granteePrincipal: 'stated',
  createdAtMs: 1_795_881_603_998,
  modifiedAtMs: 1_795_881_603_998,
  version: 1,
};
const BOB: ProvisionedUser = {
  ...ANN,
  id: '01a226ad-0b38-7bf4-b9f7-ca573154096d',
  userName: 'bob',
  externalId: 'Ext-8',
  active: false,
};
const WIRE = {
  source: 'idp',
  user_id: ANN.id,
  user_name: 'Ann',
  external_id: 'Ext-7',
  active: true,
  stated_principal: 'stated',
  grantee_principal: 'stated',
  created_at: '1795881603998',
  modified_at: '1795881603998',
};

let service: DirectoryService;
beforeAll(async () => {
  service = await startDirectoryService();
  const { idp, theirs } = sourcesOfBoth(service);
  service.setSources({
    idp: { ...idp, kind: 'scim', principal_attribute: true },
    hr: idp,
    theirs: { ...theirs, kind: 'scim' },
  });
});
afterAll(() => service.stop());

beforeEach(async () => {
  const { scim } = service.services.store;
  for (const source of ['idp', 'theirs']) {
    for (const user of await scim.list(source, 'User', 0, 10)) await scim.remove(user);
    for (const user of [ANN, BOB]) await scim.add({ ...user, source });
  }
});

const list = (body: object) => service.kms(service.tenant, 'list-provisioned-users', body);
const update = (body: object) => service.kms(service.tenant, 'update-provisioned-user', { source: 'idp', ...body });
const stored = (id = ANN.id) => service.services.store.scim.find('idp', 'User', id);

test('list-provisioned-users returns the users of a source, in pages, with the principal if the settings trust it', async () => {
  expect(okBody(await list({ source: 'idp' }))).toEqual({
    users: [WIRE, { ...WIRE, user_id: BOB.id, user_name: 'bob', external_id: 'Ext-8', active: false }],
    next_marker: '',
    truncated: 'false',
  });
  const first = okBody(await list({ source: 'idp', limit: '1' }));
  expect(first).toMatchObject({ users: [WIRE], next_marker: ANN.id, truncated: 'true' });
  const second = okBody(await list({ source: 'idp', limit: '1', marker: first.next_marker }));
  expect(second).toMatchObject({ users: [{ user_id: BOB.id }], truncated: 'false' });
});

test('list-provisioned-users finds a user by id, by name in any case, or by external id', async () => {
  for (const identity of [ANN.id, 'ANN', 'Ext-7']) {
    expect(okBody(await list({ source: 'idp', identity })).users).toEqual([WIRE]);
  }
  for (const identity of ['nobody', 'ext-7']) expect(okBody(await list({ source: 'idp', identity })).users).toEqual([]);
});

test('update-provisioned-user assigns and clears a principal, which takes precedence over the stated one', async () => {
  const grantee_principal = service.grantee.user_id;
  const assigned = okBody(await update({ user_id: ANN.id, grantee_principal })).user;
  expect(assigned).toMatchObject({
    grantee_principal,
    assigned_principal: grantee_principal,
    stated_principal: 'stated',
  });
  expect(await stored()).toMatchObject({ assignedPrincipal: grantee_principal, version: 2 });
  expect(okBody(await update({ user_id: ANN.id })).user).toMatchObject({ grantee_principal: 'stated' });
  expect(await stored()).not.toHaveProperty('assignedPrincipal');
});

test('update-provisioned-user with remove deletes the user, and the reply shows the user as it was', async () => {
  expect(okBody(await update({ user_id: ANN.id, remove: true })).user).toEqual(WIRE);
  expect(await stored()).toBeUndefined();
});

test('an unknown source, one of another domain and one of another kind get the same reply, and nothing is written', async () => {
  const rows = await storedRows(service);
  const texts = new Set<string>();
  for (const source of ['nobody', 'theirs', 'hr', '*']) {
    for (const reply of [await list({ source }), await update({ source, user_id: ANN.id, remove: true })]) {
      expectError(reply, [404, 'APIGW.0101']);
      texts.add(reply.body.error_msg);
    }
  }
  expect(texts.size).toBe(1);
  const stranger = await service.kms(
    service.stranger,
    'list-provisioned-users',
    { source: 'idp' },
    service.stranger.project_id,
  );
  expectError(stranger, [404, 'APIGW.0101']);
  expect(await storedRows(service)).toEqual(rows);
});

test.each<[object, [number, string]]>([
  [{ user_id: '01a226ad-0b39-7bf4-b9f7-ca573154096d' }, [404, 'APIGW.0101']],
  [{ user_id: 'x' }, [400, 'KMS.0308']],
  [{}, [400, 'KMS.0204']],
  [{ user_id: ANN.id, grantee_principal: '../x' }, [400, 'KMS.2402']],
  [{ user_id: ANN.id, grantee_principal: 'abc', remove: true }, [400, 'KMS.0308']],
  [{ user_id: ANN.id, remove: 'perhaps' }, [400, 'KMS.0308']],
])('update-provisioned-user with %j is refused with %j and nothing is written', async (body, expected) => {
  const rows = await storedRows(service);
  expectError(await update(body), expected);
  expect(await storedRows(service)).toEqual(rows);
});

test('only an administrator of the directory may list and change provisioned users', async () => {
  for (const name of ['list-provisioned-users', 'update-provisioned-user']) {
    const reply = await service.kms(service.creator, name, { source: 'idp', user_id: ANN.id });
    expectError(reply, [403, 'KMS.0307']);
  }
});
