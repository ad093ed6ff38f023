/** list-grants and list-retirable-grants while the list changes between pages: each remaining grant is listed once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { readAllPages } from '../../support/pages.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';

const LIMITS = [1, 2, 7, 1000];
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';
const LISTS = ['list-grants', 'list-grants with grantee_principal', 'list-retirable-grants'] as const;

let service: TestService;
let issuer: Omit<User, 'project_id'>;
let projects = 0;
beforeAll(async () => {
  service = await startService({ GRANTS_PER_KEY: '3000' });
  issuer = await service.addUser('issuer', 'KMS CMKFullAccess');
});
afterAll(() => service.stop());

type Page = { grants: { grant_id: string }[]; total: number; truncated: string };
const idsOf = ({ grants }: Page) => grants.map(({ grant_id }) => grant_id);

/** A list and the ways to change it. */
interface List {
  readPage: (body: object) => Promise<ApiResponse>;
  add: () => Promise<string>;
  revoke: (grantId: string) => Promise<unknown>;
}

/** Creates an empty list in a project of its own. */
async function newList(kind: (typeof LISTS)[number]): Promise<List> {
  projects += 1;
  const { accounts } = service.services;
  const { project } = await accounts.createProject(`paged-${projects}`, 'demo');
  await accounts.addRole(issuer.user_id, project.projectId, 'KMS CMKFullAccess');
  const user = { ...issuer, project_id: project.projectId };
  const send = (name: string, body: object) => service.kms(user, name, body, user.project_id);
  const key_id = await newKey(service, user);
  const operations = ['describe-key', 'retire-grant'];
  const toDomain = { grantee_principal: user.domain_id, grantee_principal_type: 'domain', operations };
  /** The kinds of grants in the list, in turn. */
  const grants: object[] = {
    'list-grants': [{}],
    'list-grants with grantee_principal': [
      { grantee_principal: USER },
      { grantee_principal: USER, grantee_principal_type: 'domain' },
    ],
    'list-retirable-grants': [
      {},
      { retiring_principal: user.user_id },
      { grantee_principal: user.user_id, retiring_principal: user.user_id, operations },
      toDomain,
      { ...toDomain, retiring_principal: user.user_id },
    ],
  }[kind];
  const isFiltered = kind === 'list-grants with grantee_principal';
  let added = 0;
  return {
    readPage: (body) => {
      if (kind === 'list-retirable-grants') return send(kind, body);
      return send('list-grants', { key_id, ...(isFiltered && { grantee_principal: USER }), ...body });
    },
    async add() {
      added += 1;
      // A grant that the filter leaves out, between any two that it includes.
      if (isFiltered) await newGrant(service, key_id, { retiring_principal: USER }, user);
      return newGrant(service, key_id, grants[added % grants.length], user);
    },
    revoke: async (grant_id) => okBody(await send('revoke-grant', { key_id, grant_id })),
  };
}

describe.each(LISTS)('%s', (kind) => {
  test('an unchanged list has every grant in order and the same total on each page, for any page size', async () => {
    const { readPage, add } = await newList(kind);
    const ids = [];
    for (let n = 0; n < 15; n += 1) ids.push(await add());
    for (const limit of [...LIMITS, 5, 14, 15, 16]) {
      const pages: Page[] = await readAllPages((body) => readPage({ limit, ...body }));
      expect([limit, pages.flatMap(idsOf)]).toEqual([limit, ids]);
      expect(pages.map(({ total }) => total)).toEqual(Array(Math.ceil(15 / limit)).fill(15));
    }
  });

  test.each(LIMITS)(
    'in pages of %i, while grants are created and revoked, each remaining grant is listed once and each total is exact',
    async (limit) => {
      const { readPage, add, revoke } = await newList(kind);
      const existing = new Set<string>();
      for (let n = 0; n < 16; n += 1) existing.add(await add());
      const totals = [existing.size];
      const read: string[] = [];
      const pages: Page[] = await readAllPages(
        (body) => readPage({ limit, ...body }),
        async (page: Page) => {
          read.push(...idsOf(page));
          const unread = [...existing].filter((id) => !read.includes(id));
          // The grant that the marker names, the next grant and the last one.
          for (const id of [read.at(-1), unread[0], unread.length > 3 ? unread.at(-1) : undefined]) {
            if (id === undefined) continue;
            await revoke(id);
            existing.delete(id);
          }
          // A list of small pages gets a grant after every second page, or it would never end.
          if (read.length % 2 === 0 || limit > 2) existing.add(await add());
          totals.push(existing.size);
        },
      );
      const listed = pages.flatMap(idsOf);
      expect(new Set(listed).size).toBe(listed.length);
      expect(listed).toEqual(expect.arrayContaining([...existing]));
      expect(pages.map(({ total }) => total)).toEqual(totals);
      if (limit !== 1000) expect(pages.length).toBeGreaterThan(1);
    },
  );

  test.each(LIMITS)('in pages of %i, revoking each page before reading the next leaves no grant', async (limit) => {
    const { readPage, add, revoke } = await newList(kind);
    const ids = [];
    for (let n = 0; n < 9; n += 1) ids.push(await add());
    const revokePage = async (page: Page) => {
      await Promise.all(idsOf(page).map(revoke));
    };
    const pages: Page[] = await readAllPages((body) => readPage({ limit, ...body }), revokePage);
    await revokePage(pages.at(-1) as Page);
    expect(pages.flatMap(idsOf)).toEqual(ids);
    expect(okBody(await readPage({}))).toEqual({ grants: [], next_marker: '', truncated: 'false', total: 0 });
  });
});

test('1,300 grants in pages of the default 1000, while grants are created and revoked: each remaining grant is listed once', async () => {
  const key_id = await newKey(service);
  const { creator, demo } = service;
  const context = {
    caller: { userId: creator.user_id, domainId: creator.domain_id, roles: [] },
    projectId: demo.project_id,
    channel: 'http' as const,
    requestId: '',
    action: 'create-grant',
    body: new Uint8Array(),
  };
  const input = { keyId: key_id, grantee: USER, granteeType: 'user' as const, operations: ['describe-key' as const] };
  const existing = new Set<string>();
  const create = () => service.services.authority.createGrant(context, input);
  while (existing.size < 1300) {
    for (const { grant_id } of await Promise.all(Array.from({ length: 50 }, create))) existing.add(grant_id);
  }
  const read = new Set<string>();
  const pages: Page[] = await readAllPages(
    (body) => service.kms(creator, 'list-grants', { key_id, ...body }),
    async (page: Page) => {
      for (const id of idsOf(page)) read.add(id);
      const unread = [...existing].filter((id) => !read.has(id));
      for (const id of [...idsOf(page).slice(-3), ...unread.slice(0, 3)]) {
        okBody(await service.kms(creator, 'revoke-grant', { key_id, grant_id: id }));
        existing.delete(id);
      }
      for (let n = 0; n < 2; n += 1) existing.add(await newGrant(service, key_id));
    },
  );
  const listed = pages.flatMap(idsOf);
  expect(new Set(listed).size).toBe(listed.length);
  expect([...existing].filter((id) => !listed.includes(id))).toEqual([]);
  expect(pages.map(({ grants, total }) => [grants.length, total])).toEqual([
    [1000, 1300],
    [299, 1296],
  ]);
}, 120_000);

test('reading and revoking the first page repeatedly leaves no grant', async () => {
  const { readPage, add, revoke } = await newList('list-grants');
  for (let n = 0; n < 9; n += 1) await add();
  const totals = [];
  for (;;) {
    const page: Page = okBody(await readPage({ limit: '4' }));
    totals.push(page.total);
    await Promise.all(idsOf(page).map(revoke));
    if (page.truncated === 'false') break;
  }
  expect(totals).toEqual([9, 5, 1]);
  expect(okBody(await readPage({})).total).toBe(0);
});

test('a page that ends exactly at the end of the list has truncated "false", also with an offset', async () => {
  const { readPage, add } = await newList('list-retirable-grants');
  const ids = [];
  for (let n = 0; n < 6; n += 1) ids.push(await add());
  for (const [limit, marker, from, to] of [
    [6, '', 0, 6],
    [3, ids[2], 3, 6],
    [3, '3', 3, 6],
    [2, '4', 4, 6],
    [1, ids[4], 5, 6],
    [1, ids[5], 6, 6],
  ] as const) {
    const page: Page = okBody(await readPage({ limit, marker }));
    expect([limit, marker, idsOf(page), page.truncated]).toEqual([limit, marker, ids.slice(from, to), 'false']);
  }
});
