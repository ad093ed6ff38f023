/** Also tests: lib/authority/filtered-page.ts. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantsOn, newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { readAllPages } from '../../support/pages.ts';
import { startService, type TestService } from '../../support/service.ts';

const EMPTY = { grants: [], next_marker: '', truncated: 'false', total: 0 };

let service: TestService;
let foreigner: User & { project_id: string };
/** Of the creator and of the administrator. */
let keys: [string, string];
/** The grants that the grantee passed on, oldest first: three on the first key and two on the second. */
let ids: string[];
beforeAll(async () => {
  service = await startService();
  const { administrator, grantee } = service;
  foreigner = await service.foreignUser();
  keys = [await newKey(service), await newKey(service, administrator)];
  const operations = ['create-grant', 'encrypt-data'];
  await newGrant(service, keys[0], { operations });
  await newGrant(service, keys[1], { operations }, administrator);
  ids = [];
  for (const index of [0, 1, 0, 1, 0] as const) {
    ids.push(await newGrant(service, keys[index], { grantee_principal: `robot${index}` }, grantee));
  }
});
afterAll(() => service.stop());

const list = (body: object, user: User = service.reader) =>
  service.kms(user, 'list-issued-grants', { issuing_principal: service.grantee.user_id, ...body }, user.project_id);
const idsOf = ({ grants }: { grants: { grant_id: string }[] }) => grants.map(({ grant_id }) => grant_id);

test('the grants that a user issued are listed as list-grants shows them, oldest first, and not those that the user holds', async () => {
  const body = okBody(await list({}));
  expect(body).toEqual({ grants: expect.anything(), next_marker: '', truncated: 'false', total: 5 });
  expect(idsOf(body)).toEqual(ids);
  expect(body.grants[0]).toEqual((await grantsOn(service, keys[0])).find(({ grant_id }) => grant_id === ids[0]));
});

test('with key_id, only the grants on that key are listed', async () => {
  const body = okBody(await list({ key_id: keys[1] }));
  expect([idsOf(body), body.total]).toEqual([[ids[1], ids[3]], 2]);
  const foreignKey = await newKey(service, foreigner);
  for (const key_id of ['00000000-0000-4000-8000-000000000000', foreignKey]) {
    expectError(await list({ key_id }), [404, 'KMS.0207']);
  }
});

test('pages of any size have every grant in order and the total on each page', async () => {
  for (const limit of [1, 2, 4, 5, 1000]) {
    const pages = await readAllPages((body) => list({ limit, ...body }));
    expect([limit, pages.flatMap(idsOf)]).toEqual([limit, ids]);
    expect(pages.map(({ total }) => total)).toEqual(Array(Math.ceil(5 / limit)).fill(5));
  }
  expect(idsOf(okBody(await list({ marker: '3' })))).toEqual(ids.slice(3));
  expect(idsOf(okBody(await list({ marker: ids[1]?.toUpperCase() })))).toEqual(ids.slice(2));
  expectError(await list({ marker: 'x' }), [400, 'KMS.1602']);
});

test('a revoked grant is not listed, and a page that starts after it skips nothing', async () => {
  const { creator, grantee } = service;
  const extra = await newGrant(service, keys[0], { grantee_principal: 'robot0' }, grantee);
  const [last] = [...ids].reverse();
  const page = okBody(await list({ limit: 5 }));
  expect([page.next_marker, page.total]).toEqual([last, 6]);
  okBody(await service.kms(creator, 'revoke-grant', { key_id: keys[0], grant_id: extra }));
  expect(okBody(await list({ marker: last }))).toEqual({ ...EMPTY, total: 5 });
});

test('a user without issued grants, or unknown, gets an empty list; so does a caller of another project', async () => {
  for (const issuing_principal of [service.reader.user_id, 'nobody']) {
    expect(okBody(await list({ issuing_principal }))).toEqual(EMPTY);
  }
  expect(okBody(await list({}, foreigner))).toEqual(EMPTY);
});

test('a missing or malformed issuing_principal is refused', async () => {
  expectError(await service.kms(service.reader, 'list-issued-grants', {}), [400, 'KMS.0204']);
  for (const issuing_principal of ['', 'a b', 'x'.repeat(65), 7]) {
    expectError(await list({ issuing_principal }), [400, 'KMS.2402']);
  }
});
