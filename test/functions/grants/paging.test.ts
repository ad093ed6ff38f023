/** Lists that change while they are paged: every surviving grant is met once, whatever the size of a page. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { readAllPages } from '../../support/pages.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';

const LIMITS = [1, 2, 7, 1000];
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';

let service: TestService;
let domains = 0;
beforeAll(async () => {
  service = await startService({ GRANTS_PER_KEY: '3000' });
});
afterAll(() => service.stop());

type Page = { grants: { grant_id: string }[]; total: number; truncated: string };
const idsOf = ({ grants }: Page) => grants.map(({ grant_id }) => grant_id);

/** A list to page over, and how to change it. */
interface List {
  ask: (body: object) => Promise<ApiResponse>;
  make: () => Promise<string>;
  revoke: (grantId: string) => Promise<unknown>;
}

/** In a project and a domain of its own. */
async function listOf(kind: string): Promise<List> {
  domains += 1;
  const { project } = await service.services.accounts.createProject('paged', `domain-${domains}`);
  const user = await service.services.accounts.createUser(project.projectId, 'issuer', 'KMS CMKFullAccess');
  const issuer = { ...user, access_key: '', secret_key: '', project_id: project.projectId };
  const send = (name: string, body: object) => service.kms(issuer, name, body, issuer.project_id);
  const key_id = await newKey(service, issuer);
  const retire = ['describe-key', 'retire-grant'];
  const byDomain = { grantee_principal: issuer.domain_id, grantee_principal_type: 'domain', operations: retire };
  const forms = {
    'list-grants': [{}],
    'list-grants with grantee_principal': [
      { grantee_principal: USER },
      { grantee_principal: USER, grantee_principal_type: 'domain' },
    ],
    'list-retirable-grants': [
      {},
      { retiring_principal: issuer.user_id },
      { grantee_principal: issuer.user_id, retiring_principal: issuer.user_id, operations: retire },
      byDomain,
      { ...byDomain, retiring_principal: issuer.user_id },
    ],
  }[kind] as object[];
  let made = 0;
  return {
    ask: (body) => {
      if (kind === 'list-retirable-grants') return send(kind, body);
      return send('list-grants', { key_id, ...(kind !== 'list-grants' && { grantee_principal: USER }), ...body });
    },
    async make() {
      made += 1;
      // Beside each grant of the filtered list stands one that it leaves out.
      if (forms.length === 2) await newGrant(service, key_id, { retiring_principal: USER }, issuer);
      return newGrant(service, key_id, forms[made % forms.length], issuer);
    },
    revoke: async (grant_id) => okBody(await send('revoke-grant', { key_id, grant_id })),
  };
}

describe.each(['list-grants', 'list-grants with grantee_principal', 'list-retirable-grants'])('%s', (kind) => {
  test('unchanged, by pages of any size: all of it, in order, with the same total on each page', async () => {
    const { ask, make } = await listOf(kind);
    const made = [];
    for (let n = 0; n < 15; n += 1) made.push(await make());
    for (const limit of [...LIMITS, 5, 14, 15, 16]) {
      const pages: Page[] = await readAllPages((body) => ask({ limit, ...body }));
      expect([limit, pages.flatMap(idsOf)]).toEqual([limit, made]);
      expect(pages.map(({ total }) => total)).toEqual(Array(Math.ceil(15 / limit)).fill(15));
    }
  });

  test.each(LIMITS)('by pages of %i while grants come and go: each survivor once, each total exact', async (limit) => {
    const { ask, make, revoke } = await listOf(kind);
    const alive = new Set<string>();
    for (let n = 0; n < 16; n += 1) alive.add(await make());
    const totals = [alive.size];
    let met = 0;
    const seen: string[] = [];
    const pages: Page[] = await readAllPages(
      (body) => ask({ limit, ...body }),
      async (page: Page) => {
        met += page.grants.length;
        seen.push(...idsOf(page));
        const ahead = [...alive].filter((id) => !seen.includes(id));
        // The one that the next marker names, the next one, the last one; and one new one for every two pages.
        for (const id of [seen.at(-1), ahead[0], ahead.length > 3 ? ahead.at(-1) : undefined]) {
          if (id === undefined) continue;
          await revoke(id);
          alive.delete(id);
        }
        if (met % 2 === 0 || limit > 2) alive.add(await make());
        totals.push(alive.size);
      },
    );
    const all = pages.flatMap(idsOf);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining([...alive]));
    expect(pages.map(({ total }) => total)).toEqual(totals);
    if (limit !== 1000) expect(pages.length).toBeGreaterThan(1);
  });

  test.each(LIMITS)('by pages of %i, each revoked before the next is asked for: nothing is left', async (limit) => {
    const { ask, make, revoke } = await listOf(kind);
    const made = [];
    for (let n = 0; n < 9; n += 1) made.push(await make());
    const revokePage = async (page: Page) => {
      await Promise.all(idsOf(page).map(revoke));
    };
    const pages: Page[] = await readAllPages((body) => ask({ limit, ...body }), revokePage);
    await revokePage(pages.at(-1) as Page);
    expect(pages.flatMap(idsOf)).toEqual(made);
    expect(okBody(await ask({}))).toEqual({ grants: [], next_marker: '', truncated: 'false', total: 0 });
  });
});

test('1,300 grants by pages of 1000, the default, while grants come and go: each survivor once', async () => {
  const key_id = await newKey(service);
  const { creator, demo } = service;
  const caller = { userId: creator.user_id, domainId: creator.domain_id, roles: [] };
  const context = {
    caller,
    projectId: demo.project_id,
    channel: 'http' as const,
    requestId: '',
    action: 'create-grant',
  };
  const ask = { keyId: key_id, grantee: USER, granteeType: 'user' as const, operations: ['describe-key' as const] };
  const alive = new Set<string>();
  const make = () => service.services.authority.createGrant({ ...context, body: new Uint8Array() }, ask);
  while (alive.size < 1300) {
    for (const { grant_id } of await Promise.all(Array.from({ length: 50 }, make))) alive.add(grant_id);
  }
  const seen = new Set<string>();
  const pages: Page[] = await readAllPages(
    (body) => service.kms(creator, 'list-grants', { key_id, ...body }),
    async (page: Page) => {
      for (const id of idsOf(page)) seen.add(id);
      const ahead = [...alive].filter((id) => !seen.has(id));
      for (const id of [...idsOf(page).slice(-3), ...ahead.slice(0, 3)]) {
        okBody(await service.kms(creator, 'revoke-grant', { key_id, grant_id: id }));
        alive.delete(id);
      }
      for (let n = 0; n < 2; n += 1) alive.add(await newGrant(service, key_id));
    },
  );
  const all = pages.flatMap(idsOf);
  expect(new Set(all).size).toBe(all.length);
  expect([...alive].filter((id) => !all.includes(id))).toEqual([]);
  expect(pages.map(({ grants, total }) => [grants.length, total])).toEqual([
    [1000, 1300],
    [299, 1296],
  ]);
}, 120_000);

test('asking for the first page again and again, and revoking it, empties a key too', async () => {
  const { ask, make, revoke } = await listOf('list-grants');
  for (let n = 0; n < 9; n += 1) await make();
  const totals = [];
  for (;;) {
    const page: Page = okBody(await ask({ limit: '4' }));
    totals.push(page.total);
    await Promise.all(idsOf(page).map(revoke));
    if (page.truncated === 'false') break;
  }
  expect(totals).toEqual([9, 5, 1]);
  expect(okBody(await ask({})).total).toBe(0);
});

test('a page that ends with the list says so, and an offset beside a limit of the rest too', async () => {
  const { ask, make } = await listOf('list-retirable-grants');
  const made = [];
  for (let n = 0; n < 6; n += 1) made.push(await make());
  for (const [limit, marker, from, to] of [
    [6, '', 0, 6],
    [3, made[2], 3, 6],
    [3, '3', 3, 6],
    [2, '4', 4, 6],
    [1, made[4], 5, 6],
    [1, made[5], 6, 6],
  ] as const) {
    const page: Page = okBody(await ask({ limit, marker }));
    expect([limit, marker, idsOf(page), page.truncated]).toEqual([limit, marker, made.slice(from, to), 'false']);
  }
});
