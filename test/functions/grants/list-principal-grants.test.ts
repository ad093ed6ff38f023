import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { grantsOn, newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { readAllPages } from '../../support/pages.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Source: KMS API reference, list-retirable-grants, response example. */
const SAMPLE_MS = 1497341531000;
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';
const EMPTY = { grants: [], next_marker: '', truncated: 'false', total: 0 };

let service: TestService;
let foreigner: User & { project_id: string };
let keys: [string, string];
let principals = 0;
beforeAll(async () => {
  service = await startService();
  foreigner = await service.foreignUser();
  keys = [await newKey(service), await newKey(service, service.administrator)];
  await service.token(service.reader);
});
afterAll(() => service.stop());

const list = (body: object): Promise<ApiResponse> => service.kms(service.reader, 'list-principal-grants', body);
const idsOf = ({ grants }: { grants: { grant_id: string }[] }) => grants.map(({ grant_id }) => grant_id);

/** @returns an id that no grant has yet */
function newPrincipal(): string {
  principals += 1;
  return `principal${principals}`;
}

/** Creates grants to one principal, in turn on a key of the creator and on a key of the administrator. */
async function newGrants(count: number, grantee_principal = newPrincipal()) {
  const grants: { key_id: string; grant_id: string; user: User }[] = [];
  for (let n = 0; n < count; n += 1) {
    const [key_id, user] = n % 2 ? [keys[1], service.administrator] : [keys[0], service.creator];
    grants.push({ key_id, user, grant_id: await newGrant(service, key_id, { grantee_principal }, user) });
  }
  return { grantee_principal, grants, ids: grants.map(({ grant_id }) => grant_id) };
}

test('list-principal-grants replies in the form of list-grants', async () => {
  const { nowMs } = service.clock;
  service.clock.nowMs = SAMPLE_MS - 2;
  const key_id = await newKey(service);
  const operations = ['describe-key', 'create-datakey', 'encrypt-datakey'];
  const fields = { operations, grantee_principal: USER, retiring_principal: USER, name: 'my_grant' };
  const grant_id = await newGrant(service, key_id, fields);
  service.clock.nowMs = nowMs;
  const { status, body } = await list({ grantee_principal: USER, limit: '', marker: '', sequence: '' });
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
          issuing_principal: service.creator.user_id,
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

test('the grants of a principal, user or domain, on all keys of the project are listed, oldest first', async () => {
  const [first, second] = keys;
  const { administrator } = service;
  const grantee_principal = newPrincipal();
  const asDomain = { grantee_principal, grantee_principal_type: 'domain' };
  const ids = [
    await newGrant(service, second, { grantee_principal }, administrator),
    await newGrant(service, first, asDomain),
    await newGrant(service, first, { grantee_principal }),
    await newGrant(service, second, asDomain, administrator),
  ];
  await newGrant(service, first, { retiring_principal: grantee_principal });
  await newGrant(service, first, { grantee_principal: `${grantee_principal}x` });
  await newGrant(service, first, { grantee_principal: grantee_principal.toUpperCase() });

  const whole = okBody(await list({ grantee_principal }));
  expect([idsOf(whole), whole.total, whole.truncated]).toEqual([ids, 4, 'false']);
  expect(whole.grants[2]).toEqual((await grantsOn(service, first)).find(({ grant_id }) => grant_id === ids[2]));
});

test('grants on keys that are disabled or pending deletion are listed; revoked and retired grants are not', async () => {
  const { creator } = service;
  const grantee_principal = newPrincipal();
  const [disabled, pendingDeletion] = [await newKey(service), await newKey(service)];
  const ids: string[] = [];
  for (const key_id of [disabled, pendingDeletion, disabled, pendingDeletion]) {
    ids.push(await newGrant(service, key_id, { grantee_principal }));
  }
  okBody(await service.kms(creator, 'disable-key', { key_id: disabled }));
  okBody(await service.kms(creator, 'schedule-key-deletion', { key_id: pendingDeletion, pending_days: '7' }));
  expect(idsOf(okBody(await list({ grantee_principal })))).toEqual(ids);
  okBody(await service.kms(creator, 'revoke-grant', { key_id: disabled, grant_id: ids[0] }));
  okBody(await service.kms(creator, 'retire-grant', { key_id: pendingDeletion, grant_id: ids[3] }));
  const remaining = okBody(await list({ grantee_principal }));
  expect([idsOf(remaining), remaining.total]).toEqual([[ids[1], ids[2]], 2]);
});

test('a principal without grants, or unknown, gets an empty list', async () => {
  for (const grantee_principal of [newPrincipal(), service.reader.user_id, 'nobody']) {
    expect(okBody(await list({ grantee_principal }))).toEqual(EMPTY);
  }
});

test('grants of another project are not listed', async () => {
  const { grantee_principal, ids } = await newGrants(2);
  const listAsForeigner = (body: object) => service.kms(foreigner, 'list-principal-grants', body, foreigner.project_id);
  expect(okBody(await listAsForeigner({ grantee_principal }))).toEqual(EMPTY);
  const foreignGrant = await newGrant(service, await newKey(service, foreigner), { grantee_principal }, foreigner);
  expect(okBody(await listAsForeigner({ grantee_principal }))).toMatchObject({
    grants: [{ grant_id: foreignGrant }],
    total: 1,
  });
  const listed = okBody(await list({ grantee_principal }));
  expect([idsOf(listed), listed.total]).toEqual([ids, 2]);
});

describe('pages of list-principal-grants', () => {
  test('pages of any size have every grant in order and the total on each page', async () => {
    const { grantee_principal, ids } = await newGrants(7);
    for (const limit of [1, 2, 3, 6, 7, 8, 1000]) {
      const pages = await readAllPages((body) => list({ grantee_principal, limit, ...body }));
      expect([limit, pages.flatMap(idsOf)]).toEqual([limit, ids]);
      expect(pages.map(({ total }) => total)).toEqual(Array(Math.ceil(7 / limit)).fill(7));
    }
  });

  test('the list continues at next_marker, in upper or lower case, and at an offset of 1 to 4 digits', async () => {
    const { grantee_principal, ids } = await newGrants(5);
    const page = okBody(await list({ grantee_principal, limit: '2' }));
    expect([idsOf(page), page.next_marker, page.truncated]).toEqual([ids.slice(0, 2), ids[1], 'true']);
    const upper = okBody(await list({ grantee_principal, marker: page.next_marker.toUpperCase() }));
    expect([idsOf(upper), upper.next_marker]).toEqual([ids.slice(2), '']);
    for (const [marker, from] of [
      ['0', 0],
      [2, 2],
      ['0003', 3],
      ['5', 5],
      [9999, 9999],
    ] as const) {
      const rest = okBody(await list({ grantee_principal, marker }));
      expect([marker, idsOf(rest), rest.total, rest.truncated]).toEqual([marker, ids.slice(from), 5, 'false']);
    }
    const middle = okBody(await list({ grantee_principal, marker: '1', limit: 2 }));
    expect([idsOf(middle), middle.next_marker]).toEqual([ids.slice(1, 3), ids[2]]);
  });

  test.each([1, 2, 4])(
    'in pages of %i, while grants are created and revoked, each remaining grant is listed once and each total is exact',
    async (limit) => {
      const { grantee_principal, grants, ids } = await newGrants(9);
      const existing = new Set(ids);
      const totals = [existing.size];
      const read: string[] = [];
      const pages = await readAllPages(
        (body) => list({ grantee_principal, limit, ...body }),
        async (page) => {
          read.push(...idsOf(page));
          const unread = grants.filter(({ grant_id }) => existing.has(grant_id) && !read.includes(grant_id));
          const lastRead = grants.find(({ grant_id }) => grant_id === page.next_marker);
          // The grant that the marker names, and the next one.
          for (const grant of [lastRead, unread[0]]) {
            if (!grant) continue;
            const { key_id, grant_id, user } = grant;
            okBody(await service.kms(user, 'revoke-grant', { key_id, grant_id }));
            existing.delete(grant_id);
          }
          // Not after every page: a list that grows as fast as it is read would never end.
          if (totals.length < 3) existing.add(await newGrant(service, keys[0], { grantee_principal }));
          totals.push(existing.size);
        },
      );
      const listed = pages.flatMap(idsOf);
      expect(new Set(listed).size).toBe(listed.length);
      expect(listed).toEqual(expect.arrayContaining([...existing]));
      expect(pages.map(({ total }) => total)).toEqual(totals);
      expect(pages.length).toBeGreaterThan(2);
    },
  );
});

describe('list-principal-grants refuses invalid requests and writes nothing', () => {
  async function expectRefused(body: object, refusal: [number, string]): Promise<void> {
    const rows = await storedRows(service);
    expectError(await list(body), refusal);
    expect(await storedRows(service)).toEqual(rows);
  }

  test('a missing grantee_principal: KMS.0204', async () => {
    await expectRefused({}, [400, 'KMS.0204']);
    await expectRefused({ grantee_principal: null }, [400, 'KMS.0204']);
  });

  test.each(['', ' ', 'a-b', 'a_b', '*', '%', 'a'.repeat(65), 7, true, [USER], {}])(
    'grantee_principal %j: KMS.2402',
    (grantee_principal) => expectRefused({ grantee_principal }, [400, 'KMS.2402']),
  );

  test('a limit above 1000 is no error', async () => {
    for (const limit of ['1001', 2000, '2000']) okBody(await list({ grantee_principal: USER, limit }));
  });

  test('an invalid limit: KMS.1601; an invalid marker: KMS.1602', async () => {
    for (const limit of ['0', 'abc', 0, 1.5, true, {}]) {
      await expectRefused({ grantee_principal: USER, limit }, [400, 'KMS.1601']);
    }
    for (const marker of ['-1', '10000', 'abc', '0'.repeat(63), '0'.repeat(32), 1.5, true, {}]) {
      await expectRefused({ grantee_principal: USER, marker }, [400, 'KMS.1602']);
    }
  });

  test('a role that may not list grants: KMS.0307', async () => {
    const user = await service.addUser('security', 'Security Administrator');
    await service.token(user);
    const rows = await storedRows(service);
    expectError(await service.kms(user, 'list-principal-grants', { grantee_principal: USER }), [403, 'KMS.0307']);
    expect(await storedRows(service)).toEqual(rows);
  });
});
