import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
let foreigner: User & { project_id: string };
beforeAll(async () => {
  service = await startService();
  foreigner = await service.foreignUser();
});
afterAll(() => service.stop());

const describeAll = async (principals: string[], user: User = service.reader) =>
  okBody(await service.kms(user, 'describe-principals', { principals }, user.project_id)).principals;

test('users and the domain of the project are described in the order of the request', async () => {
  const { services } = service;
  const gina = await service.addUser('gina', 'KMS CMKReadOnlyAccess');
  const leaver = await service.addUser('leaver', 'KMS CMKReadOnlyAccess');
  await services.accounts.setUserEnabled(leaver.user_id, false);
  await services.store.mappings.put({ source: 'okta', identity: 'gina@example.com', grantee: gina.user_id });
  await services.store.mappings.put({ source: '*', identity: 'gina@example.com', grantee: gina.user_id });
  await services.store.mappings.put({ source: 'slack', identity: 'slack:T1:U1', grantee: gina.user_id });
  expect(await describeAll([leaver.user_id, gina.domain_id, gina.user_id, leaver.user_id])).toEqual([
    { principal_id: leaver.user_id, type: 'user', name: 'leaver', enabled: false, identities: [] },
    { principal_id: gina.domain_id, type: 'domain', name: 'demo' },
    {
      principal_id: gina.user_id,
      type: 'user',
      name: 'gina',
      enabled: true,
      identities: ['gina@example.com', 'slack:T1:U1'],
    },
    { principal_id: leaver.user_id, type: 'user', name: 'leaver', enabled: false, identities: [] },
  ]);
});

test('a user of another domain is as unknown as an id that does not exist, also with a grant and a mapping', async () => {
  const { services } = service;
  await services.store.mappings.put({ source: '*', identity: 'spy@example.com', grantee: foreigner.user_id });
  await newGrant(service, await newKey(service), { grantee_principal: foreigner.user_id });
  const hidden = [foreigner.user_id, foreigner.domain_id, foreigner.project_id, 'nobody', 'f'.repeat(32)];
  expect(await describeAll(hidden)).toEqual(hidden.map((principal_id) => ({ principal_id, type: 'unknown' })));
  const { creator } = service;
  expect(await describeAll([creator.user_id, creator.domain_id], foreigner)).toEqual([
    { principal_id: creator.user_id, type: 'unknown' },
    { principal_id: creator.domain_id, type: 'unknown' },
  ]);
});

test('a user of another domain with a role in the project is described', async () => {
  const { demo, services } = service;
  const guest = await services.accounts.createUser(foreigner.project_id, 'guest', 'KMS Administrator');
  await services.store.directory.addRole(guest.user_id, demo.project_id, 'KMS CMKReadOnlyAccess');
  expect(await describeAll([guest.user_id])).toEqual([
    { principal_id: guest.user_id, type: 'user', name: 'guest', enabled: true, identities: [] },
  ]);
});

test('100 principals are described, and 101 or none are refused', async () => {
  const ids = Array.from({ length: 101 }, (_, index) => `p${index}`);
  expect(await describeAll(ids.slice(1))).toHaveLength(100);
  for (const principals of [ids, [], 'p1', ['p 1'], ['p'.repeat(65)], [''], [1]]) {
    const reply = await service.kms(service.reader, 'describe-principals', { principals });
    expectError(reply, [400, 'KMS.2402']);
  }
  expectError(await service.kms(service.reader, 'describe-principals', {}), [400, 'KMS.0204']);
});
