import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

/** The time and grantee of the documented sample. Source: KMS API reference, list-retirable-grants, example. */
const SAMPLE_MS = 1497341531000;
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';

let service: TestService;
let issuer: DemoUser;
let users = 0;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
beforeEach(async () => {
  users += 1;
  issuer = await service.addUser(`issuer-${users}`, 'KMS CMKFullAccess');
});

const list = (user: DemoUser, body?: object) => service.kms(user, 'list-retirable-grants', body);
const idsOf = ({ grants }: { grants: { grant_id: string }[] }) => grants.map(({ grant_id }) => grant_id);

test('list-retirable-grants replies in the documented form', async () => {
  const { nowMs } = service.clock;
  service.clock.nowMs = SAMPLE_MS - 2;
  const key_id = await newKey(service, issuer);
  const operations = ['describe-key', 'create-datakey', 'encrypt-datakey'];
  const fields = { operations, grantee_principal: USER, retiring_principal: USER, name: 'my_grant' };
  const grant_id = await newGrant(service, key_id, fields, issuer);
  const { status, body } = await list(issuer, { limit: '', marker: '' });
  service.clock.nowMs = nowMs;
  expect([status, body]).toEqual([
    200,
    {
      grants: [
        {
          key_id,
          grant_id,
          operations: ['describe-key', 'create-datakey', 'encrypt-datakey'],
          grantee_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
          grantee_principal_type: 'user',
          retiring_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
          issuing_principal: issuer.user_id,
          name: 'my_grant',
          creation_date: '1497341531000',
        },
      ],
      next_marker: '',
      truncated: 'false',
      total: 1,
    },
  ]);
});

test('grants on all keys of the project are listed, oldest first, also without a request body', async () => {
  const keys = [await newKey(service, issuer), await newKey(service, issuer)];
  const ids = [];
  for (const key of [keys[1], keys[0], keys[1]]) ids.push(await newGrant(service, key ?? '', {}, issuer));
  const whole = okBody(await list(issuer));
  expect([idsOf(whole), whole.total, whole.truncated]).toEqual([ids, 3, 'false']);
  expect(okBody(await list(issuer, {}))).toEqual(whole);
});

test('a user who may retire nothing gets an empty list', async () => {
  expect(okBody(await list(issuer))).toEqual({ grants: [], next_marker: '', truncated: 'false', total: 0 });
});

test('a grant that a user may retire for several reasons is listed and counted once', async () => {
  const key = await newKey(service, issuer);
  const own = { grantee_principal: issuer.user_id, retiring_principal: issuer.user_id };
  const operations = ['retire-grant', 'describe-key'];
  const asUser = await newGrant(service, key, { ...own, operations }, issuer);
  const byDomain = { grantee_principal: issuer.domain_id, grantee_principal_type: 'domain', operations };
  const asDomain = await newGrant(service, key, { ...own, ...byDomain }, issuer);
  const whole = okBody(await list(issuer));
  expect([idsOf(whole), whole.total]).toEqual([[asUser, asDomain], 2]);
  const page = okBody(await list(issuer, { limit: 1 }));
  expect([idsOf(page), page.total, page.truncated, page.next_marker]).toEqual([[asUser], 2, 'true', asUser]);
  expect(idsOf(okBody(await list(issuer, { limit: 1, marker: asUser })))).toEqual([asDomain]);
  expect(idsOf(okBody(await list(issuer, { marker: '1' })))).toEqual([asDomain]);

  // Every other user of the domain may retire only the second grant.
  const domainUser = await service.addUser(`domain-user-${users}`, 'KMS CMKFullAccess');
  expect(okBody(await list(domainUser))).toMatchObject({ grants: [{ grant_id: asDomain }], total: 1 });

  okBody(await service.kms(domainUser, 'retire-grant', { key_id: key, grant_id: asDomain }));
  expect(okBody(await list(issuer))).toMatchObject({ grants: [{ grant_id: asUser }], total: 1 });
  expect(okBody(await list(domainUser)).total).toBe(0);
});

test("a user with roles in two projects gets only the grants of the token's project", async () => {
  const { accounts } = service.services;
  const { project } = await accounts.createProject('second', 'demo');
  await accounts.addRole(issuer.user_id, project.projectId, 'KMS CMKFullAccess');
  const ownGrant = await newGrant(service, await newKey(service, issuer), {}, issuer);

  const inSecondProject = { ...issuer, project_id: project.projectId };
  const listInSecondProject = () => service.kms(issuer, 'list-retirable-grants', {}, project.projectId);
  const key_id = await newKey(service, inSecondProject);
  const grant_id = await newGrant(service, key_id, { grantee_principal: USER }, inSecondProject);

  expect(okBody(await list(issuer))).toMatchObject({ grants: [{ grant_id: ownGrant }], total: 1 });
  expect(okBody(await listInSecondProject())).toMatchObject({ grants: [{ grant_id }], total: 1 });
  expectError(await service.kms(issuer, 'retire-grant', { key_id, grant_id }), [404, 'KMS.0207']);
  expect(okBody(await listInSecondProject()).total).toBe(1);
});

test('a limit above 1000 returns the largest page', async () => {
  const whole = okBody(await list(issuer, {}));
  for (const limit of ['1001', 2000, '2000']) expect(okBody(await list(issuer, { limit }))).toEqual(whole);
});

describe('list-retirable-grants refuses an invalid limit or marker', () => {
  test.each(['0', '-1', 'abc', '1e3', '1.5', 0, -1, 1.5, true, false, [], {}])('limit %j: KMS.1601', async (limit) => {
    expectError(await list(service.reader, { limit }), [400, 'KMS.1601']);
  });

  test.each(['-1', 'abc', '10000', '0'.repeat(63), '0d0466b0-e727-4d9c-b35d-f84bb474a37f', -1, 1.5, true, [], {}])(
    'marker %j: KMS.1602',
    async (marker) => {
      expectError(await list(service.reader, { marker }), [400, 'KMS.1602']);
    },
  );
});
