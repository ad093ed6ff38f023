import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { readAllPages } from '../../support/pages.ts';
import { startService, type TestService } from '../../support/service.ts';

const UNKNOWN_KEY = '00000000-0000-4000-8000-000000000000';
/** The upstream has its own quota, which the documented API does not tell. */
const QUOTA = process.env['TEST_UPSTREAM'] ? {} : { grants_per_key: 100 };

let service: TestService;
let foreigner: User & { project_id: string };
beforeAll(async () => {
  service = await startService();
  foreigner = await service.foreignUser();
});
afterAll(() => service.stop());

const list = (body: object = {}) => service.kms(service.reader, 'list-key-usage', body);
const idsOf = ({ keys }: { keys: { key_id: string }[] }) => keys.map(({ key_id }) => key_id);

test('a key is listed with its alias, state, creator, creation date, number of grants and the quota', async () => {
  const { creator } = service;
  const key_id = await newKey(service, creator, { key_alias: 'ledger' });
  const { nowMs } = service.clock;
  const grant_id = await newGrant(service, key_id);
  await newGrant(service, key_id, { grantee_principal: 'robot7' });
  const key = {
    key_id,
    key_alias: 'ledger',
    key_state: '2',
    created_by: creator.user_id,
    creation_date: String(nowMs),
  };
  const rest = { ...QUOTA, total: 1, next_marker: '', truncated: 'false' };
  expect(okBody(await list({ key_id }))).toEqual({ keys: [{ ...key, grants: 2 }], ...rest });
  okBody(await service.kms(creator, 'revoke-grant', { key_id, grant_id }));
  okBody(await service.kms(creator, 'disable-key', { key_id }));
  expect(okBody(await list({ key_id }))).toEqual({ keys: [{ ...key, grants: 1, key_state: '3' }], ...rest });
});

test('the keys of the project are listed in the order of list-keys, 50 on a page, also those that are not AES_256', async () => {
  for (let n = 0; n < 51; n += 1) await newKey(service, service.creator, n === 7 ? { key_spec: 'RSA_2048' } : {});
  const all = okBody(await service.kms(service.reader, 'list-keys', { key_spec: 'ALL' })).keys;
  const first = okBody(await list());
  expect([idsOf(first), first.total, first.truncated]).toEqual([all.slice(0, 50), all.length, 'true']);
  expect(idsOf(okBody(await list({ limit: 1000 })))).toHaveLength(50);
  for (const limit of [20, '50']) {
    const pages = await readAllPages((body) => list({ limit, ...body }));
    expect(pages.flatMap(idsOf)).toEqual(all);
  }
});

test('an unknown key and a key of another project answer the same 404', async () => {
  const foreignKey = await newKey(service, foreigner);
  const replies = [await list({ key_id: UNKNOWN_KEY }), await list({ key_id: foreignKey })];
  for (const reply of replies) expectError(reply, [404, 'KMS.0207']);
  expect(replies[0]?.body.error).toEqual(replies[1]?.body.error);
  const pages = await readAllPages(list);
  expect(pages.flatMap(idsOf)).not.toContain(foreignKey);
});
