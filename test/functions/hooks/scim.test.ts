/**
 * The SCIM server over HTTP. Expected replies: RFC 7643 and RFC 7644.
 * Also tests: lib/scim/.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PRINCIPAL_SCHEMA, type ScimFixture, startScimFixture, USER_SCHEMA } from '../../scim/fixture.ts';
import { storedRows } from '../../support/stored-rows.ts';

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

let fixture: ScimFixture;
beforeAll(async () => {
  fixture = await startScimFixture();
});
afterAll(() => fixture.stop());

let count = 0;
/** Creates a user and returns it as the reply shows it. */
async function newUser(more: object = {}) {
  count += 1;
  const { status, body } = await fixture.scim('POST', 'Users', { userName: `user-${count}`, ...more });
  expect(status).toBe(201);
  return body;
}

const patch = (id: string, ...Operations: object[]) => fixture.scim('PATCH', `Users/${id}`, { Operations });
const deactivation = { op: 'replace', path: 'active', value: false };

describe('a user', () => {
  test('a user is created, read, replaced and deleted', async () => {
    const created = await fixture.scim('POST', 'Users', {
      schemas: [USER_SCHEMA],
      userName: 'Ann',
      externalId: 'Ext-7',
      name: { givenName: 'Ann', familyName: 'Bee' },
      emails: [{ value: 'ann@example.com', type: 'work', primary: true }],
      title: 'not stored',
    });
    const { id, meta } = created.body;
    const location = `${fixture.service.url}/hooks/entra/Users/${id}`;
    expect([created.status, created.headers.get('content-type')]).toEqual([201, 'application/scim+json']);
    expect([created.headers.get('location'), created.headers.get('etag')]).toEqual([location, 'W/"1"']);
    expect(created.body).toEqual({
      schemas: [USER_SCHEMA],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      userName: 'Ann',
      externalId: 'Ext-7',
      name: { givenName: 'Ann', familyName: 'Bee' },
      emails: [{ value: 'ann@example.com', type: 'work', primary: true }],
      active: true,
      meta: { resourceType: 'User', created: meta.created, lastModified: meta.created, location, version: 'W/"1"' },
    });
    expect(new Date(meta.created).toISOString()).toBe(meta.created);
    expect((await fixture.scim('GET', `Users/${id}`)).body).toEqual(created.body);

    const replaced = await fixture.scim('PUT', `Users/${id}`, { userName: 'Anna' });
    expect([replaced.status, replaced.headers.get('etag')]).toEqual([200, 'W/"2"']);
    const { emails, name, externalId, ...rest } = created.body;
    expect(replaced.body).toEqual({
      ...rest,
      userName: 'Anna',
      meta: { ...meta, version: 'W/"2"', lastModified: expect.any(String) },
    });

    const deleted = await fixture.scim('DELETE', `Users/${id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    const gone = await fixture.scim('GET', `Users/${id}`);
    expect([gone.status, gone.body]).toEqual([
      404,
      { schemas: [ERROR], status: '404', detail: expect.stringContaining('no resource with this id') },
    ]);
    expect((await fixture.scim('DELETE', `Users/${id}`)).status).toBe(404);
  });

  test('a user is found under paths that identity providers append, and with parameters that are not of SCIM', async () => {
    const { id, userName } = await newUser();
    for (const prefix of ['', 'scim/', 'v2/', 'scim/v2/', 'SCIM/V2/']) {
      const { status, body } = await fixture.scim('GET', `${prefix}Users/${id}?aadOptscim062020`);
      expect([status, body.userName]).toEqual([200, userName]);
    }
    expect((await fixture.scim('GET', 'users/')).status).toBe(200);
  });

  test('a user with the name of another user in any case, or with the externalId of another, is refused with 409 and nothing is written', async () => {
    const user = await newUser({ externalId: 'Ext-taken' });
    const other = await newUser();
    const rows = await storedRows(fixture.service);
    const refused = [
      await fixture.scim('POST', 'Users', { userName: user.userName.toUpperCase() }),
      await fixture.scim('POST', 'Users', { userName: 'free', externalId: 'Ext-taken' }),
      await fixture.scim('PUT', `Users/${other.id}`, { userName: user.userName }),
      await patch(other.id, { op: 'replace', path: 'externalId', value: 'Ext-taken' }),
    ];
    for (const { status, body } of refused) {
      expect([status, body]).toEqual([
        409,
        { schemas: [ERROR], status: '409', scimType: 'uniqueness', detail: expect.stringMatching(/.{20}/) },
      ]);
    }
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test.each<[string, object]>([
    ['without a name', {}],
    ['with an empty name', { userName: ' ' }],
    ['with another type of name', { userName: 7 }],
    ['with a malformed principal', { userName: 'x', [PRINCIPAL_SCHEMA]: { granteePrincipal: '../x' } }],
    ['with a value of active that is not understood', { userName: 'x', active: 'perhaps' }],
  ])('a new user %s is refused with 400 and nothing is written', async (_, body) => {
    const rows = await storedRows(fixture.service);
    const { status, body: error } = await fixture.scim('POST', 'Users', body);
    expect([status, error.scimType]).toEqual([400, 'invalidValue']);
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test('a user is shown with the attributes that the client selects, also in the reply to a change', async () => {
    const { id, userName } = await newUser();
    const schemas = [USER_SCHEMA];
    const { body: replaced } = await fixture.scim('PUT', `Users/${id}?attributes=userName`, { userName });
    expect(replaced).toEqual({ schemas, id, userName });
    const { body: shown } = await fixture.scim('GET', `Users/${id}?excludedAttributes=meta,active`);
    expect(shown).toEqual({ schemas, id, userName });
  });

  test('a PUT of the user as stored leaves the version as it is', async () => {
    const { id, userName } = await newUser();
    const same = await fixture.scim('PUT', `Users/${id}`, { userName, active: true });
    expect([same.status, same.headers.get('etag')]).toEqual([200, 'W/"1"']);
  });
});

describe('versions', () => {
  test('a change with If-Match of another version is refused with 412 and changes nothing', async () => {
    const { id } = await newUser();
    await patch(id, { op: 'replace', path: 'displayName', value: 'x' });
    const rows = await storedRows(fixture.service);
    const headers = { 'if-match': 'W/"1"' };
    for (const [method, body] of [
      ['PUT', { userName: 'other' }],
      ['PATCH', { Operations: [deactivation] }],
      ['DELETE', undefined],
    ] as const) {
      expect((await fixture.scim(method, `Users/${id}`, body, { headers })).status).toBe(412);
    }
    expect(await storedRows(fixture.service)).toEqual(rows);
    const current = { headers: { 'if-match': 'W/"2"' } };
    expect((await fixture.scim('DELETE', `Users/${id}`, undefined, current)).status).toBe(204);
  });

  test('a GET with If-None-Match of the current version returns 304', async () => {
    const { id } = await newUser();
    const get = (tag: string) => fixture.scim('GET', `Users/${id}`, undefined, { headers: { 'if-none-match': tag } });
    const same = await get('W/"1"');
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', 'W/"1"']);
    expect((await get('W/"2"')).status).toBe(200);
  });

  test('of many PATCH requests for one user at the same time, each takes effect', async () => {
    const { id } = await newUser();
    const add = (n: number) => patch(id, { op: 'add', path: 'emails', value: [{ value: `${n}@example.com` }] });
    const replies = await Promise.all([1, 2, 3].map(add));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await fixture.scim('GET', `Users/${id}`);
    expect(body.emails).toHaveLength(3);
  });
});

describe('lists', () => {
  const find = async (path: string, filter: string) =>
    (await fixture.scim('GET', `${path}?filter=${encodeURIComponent(filter)}`)).body;

  test('a SCIM list returns the page that startIndex and count ask for, and the total of all users', async () => {
    for (let n = 0; n < 5; n += 1) await newUser();
    const all = (await fixture.scim('GET', 'Users?count=200')).body;
    expect(all).toMatchObject({ schemas: [LIST], startIndex: 1, itemsPerPage: all.totalResults });
    const page = (await fixture.scim('GET', 'Users?startIndex=2&count=3')).body;
    expect(page).toMatchObject({ totalResults: all.totalResults, startIndex: 2, itemsPerPage: 3 });
    expect(page.Resources).toEqual(all.Resources.slice(1, 4));
    expect((await fixture.scim('GET', 'Users?count=0')).body).toEqual({
      schemas: [LIST],
      totalResults: all.totalResults,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
    const beyond = (await fixture.scim('GET', `Users?startIndex=${all.totalResults + 1}`)).body;
    expect(beyond).toMatchObject({ totalResults: all.totalResults, Resources: [] });
  });

  test('a SCIM list can be filtered by unique attributes and by others; without a match it is 200 with no results', async () => {
    const email = 'Filtered@example.com';
    const user = await newUser({
      externalId: 'Ext-filter',
      displayName: 'Filtered',
      emails: [{ value: email, type: 'work' }],
    });
    for (const filter of [
      `userName eq "${user.userName.toUpperCase()}"`,
      'externalId eq "Ext-filter"',
      `id eq "${user.id}"`,
      'displayName eq "filtered"',
      'emails[type eq "work"].value eq "filtered@example.com"',
      'emails.value eq "filtered@example.com" and active eq true',
    ]) {
      expect(await find('Users', filter)).toMatchObject({ totalResults: 1, itemsPerPage: 1, Resources: [user] });
    }
    for (const filter of ['userName eq "nobody"', 'externalId eq "ext-filter"', 'displayName eq "nobody"']) {
      expect(await find('Users', filter)).toEqual({
        schemas: [LIST],
        totalResults: 0,
        startIndex: 1,
        itemsPerPage: 0,
        Resources: [],
      });
    }
  });

  test('a hostile SCIM filter is refused with 400 and changes nothing', async () => {
    const rows = await storedRows(fixture.service);
    for (const filter of ['('.repeat(500), `userName eq "${'a'.repeat(2_000)}"`, 'userName co "(a+)+$"', '[[[[']) {
      const { status, scimType } = await find('Users', filter);
      expect([status, scimType]).toEqual(['400', 'invalidFilter']);
    }
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test('a SCIM search by POST, of users or of everything, returns what the list with the same filter returns', async () => {
    const user = await newUser();
    const filter = `externalId eq "Ext-search"`;
    await fixture.scim('PUT', `Users/${user.id}`, { userName: user.userName, externalId: 'Ext-search' });
    await fixture.scim('POST', 'Groups', { displayName: 'Searched', externalId: 'Ext-search' });
    const search = async (path: string) =>
      (await fixture.scim('POST', `${path}.search`, { filter, attributes: ['externalId'] })).body.Resources;
    const schemas = [USER_SCHEMA];
    expect(await search('Users/')).toEqual([{ schemas, id: user.id, externalId: 'Ext-search' }]);
    expect(await search('')).toHaveLength(2);
    const page = await fixture.scim('POST', '.search', { startIndex: 1, count: 200 });
    expect(page.body.Resources).toHaveLength(page.body.totalResults);
    const odd = await fixture.scim('POST', '.search', { count: { toString: 1 } });
    expect([odd.status, odd.body.scimType]).toEqual([400, 'invalidValue']);
  });
});

describe('a group', () => {
  test('a group is created, changed and deleted, and starts no job', async () => {
    const { id: member } = await newUser();
    const created = await fixture.scim('POST', 'Groups', { displayName: 'Staff', members: [{ value: member }] });
    const { id } = created.body;
    expect([created.status, created.body.members]).toEqual([201, [{ value: member }]]);
    expect((await fixture.scim('POST', 'Groups', { displayName: 'staff' })).status).toBe(409);
    const removed = await fixture.scim('PATCH', `Groups/${id}`, {
      Operations: [{ op: 'Remove', path: 'members', value: [{ value: member }] }],
    });
    expect([removed.status, removed.body.members, removed.headers.get('x-job-id')]).toEqual([200, undefined, null]);
    const replaced = await fixture.scim('PUT', `Groups/${id}`, { displayName: 'All staff' });
    expect([replaced.status, replaced.body.displayName]).toEqual([200, 'All staff']);
    expect((await fixture.scim('GET', 'Groups?filter=displayName%20eq%20%22all%20staff%22')).body.totalResults).toBe(1);
    expect((await fixture.scim('DELETE', `Groups/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await fixture.scim(method, `Groups/${id}`)).status).toBe(404);
    expect((await fixture.scim('PUT', `Groups/${id}`, { displayName: 'x' })).status).toBe(404);
  });

  test('a group with more members than the store can hold is refused', async () => {
    const members = Array.from({ length: 5_001 }, (_, n) => ({ value: String(n) }));
    const { status, body } = await fixture.scim('POST', 'Groups', { displayName: 'Large', members });
    expect([status, body.scimType]).toEqual([400, 'invalidValue']);
  });
});

describe('the server', () => {
  test('the SCIM server describes what it can do, its types and its schemas', async () => {
    const config = (await fixture.scim('GET', 'ServiceProviderConfig')).body;
    expect(config).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      etag: { supported: true },
    });
    const types = (await fixture.scim('GET', 'ResourceTypes')).body;
    expect(types).toMatchObject({ totalResults: 2, Resources: [{ id: 'User', endpoint: '/Users' }, { id: 'Group' }] });
    expect((await fixture.scim('GET', 'ResourceTypes/User')).body).toEqual(types.Resources[0]);
    const schema = (await fixture.scim('GET', `Schemas/${PRINCIPAL_SCHEMA}`)).body;
    expect(schema).toMatchObject({ id: PRINCIPAL_SCHEMA, attributes: [{ name: 'granteePrincipal' }] });
    expect((await fixture.scim('GET', 'Schemas/urn:unknown')).status).toBe(404);
    expect((await fixture.scim('GET', 'Schemas?filter=id%20eq%20%22x%22')).status).toBe(403);
  });

  test.each([
    ['GET', 'Me', 501],
    ['POST', 'Bulk', 501],
    ['GET', 'Nothing', 404],
    ['GET', '__proto__', 404],
    ['GET', 'constructor', 404],
    ['GET', 'ServiceProviderConfig/x', 404],
    ['DELETE', 'Users', 405],
    ['POST', 'Users/7', 405],
    ['POST', 'Schemas', 405],
    ['GET', 'Users/.search', 405],
  ])('the SCIM request %s %s is refused with %i in the form of SCIM', async (method, path, status) => {
    const { status: actual, body, headers } = await fixture.scim(method, path, method === 'GET' ? undefined : {});
    expect([actual, body.schemas, headers.get('content-type')]).toEqual([status, [ERROR], 'application/scim+json']);
  });

  test('an unknown source, a source of another kind and a wrong token get the same 401 on every SCIM path', async () => {
    for (const path of ['Users', 'ServiceProviderConfig', 'Nothing']) {
      const texts = new Set<string>();
      for (const [source, token] of [
        ['entra', 'wrong-token-0123456789'],
        ['nobody', 'plain-secret-0123456789'],
        ['hr', 'plain-secret-0123456789'],
      ] as const) {
        const response = await fixture.scim('GET', path, undefined, {
          source,
          headers: { authorization: `Bearer ${token}` },
        });
        expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="scim"']);
        texts.add(response.text);
      }
      expect(texts.size).toBe(1);
    }
  });
});

describe('a user whom the identity provider deactivates', () => {
  test('a deactivated user loses the grants of the principal in the trusted attribute, without a mapping', async () => {
    const principal = await fixture.newPrincipal();
    const { id } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } });
    const reply = await patch(id, deactivation);
    expect([reply.status, reply.body.active]).toEqual([200, false]);
    expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1, source: 'entra' });
    expect(await fixture.hasGrant(principal)).toBe(false);
  });

  test('a repeated deactivation starts no further job, and a user who becomes active again gets no grants back', async () => {
    const principal = await fixture.newPrincipal();
    const { id } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } });
    await fixture.jobOf(await patch(id, deactivation));
    const repeated = await patch(id, deactivation);
    expect([repeated.status, repeated.headers.get('x-job-id')]).toEqual([200, null]);
    const active = await patch(id, { op: 'replace', path: 'active', value: true });
    expect([active.status, active.body.active, active.headers.get('x-job-id')]).toEqual([200, true, null]);
    expect(await fixture.hasGrant(principal)).toBe(false);
  });

  test('a deactivated user, and a deleted one, lose the grants of the principal that the externalId is mapped to', async () => {
    const principal = await fixture.newPrincipal();
    await fixture.map('okta-scim', 'Ext-mapped', principal);
    const source = { source: 'okta-scim' };
    const { body } = await fixture.scim('POST', 'Users', { userName: 'mapped', externalId: 'Ext-mapped' }, source);
    const deleted = await fixture.scim('DELETE', `Users/${body.id}`, undefined, source);
    expect(await fixture.jobOf(deleted)).toMatchObject({ state: 'done', revoked: 1 });
    expect(await fixture.hasGrant(principal)).toBe(false);
  });

  test('the deactivation of a user does not revoke the grants of a principal that an untrusted attribute names', async () => {
    const principal = await fixture.newPrincipal();
    const source = { source: 'okta-scim' };
    const body = { userName: 'untrusted', [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } };
    const created = await fixture.scim('POST', 'Users', body, source);
    expect(created.body[PRINCIPAL_SCHEMA]).toEqual({ granteePrincipal: principal });
    const deleted = await fixture.scim('DELETE', `Users/${created.body.id}`, undefined, source);
    expect(await fixture.jobOf(deleted)).toMatchObject({ state: 'unmapped', revoked: 0 });
    expect(await fixture.hasGrant(principal)).toBe(true);
  });

  test('a deactivated user is identified by a mapped e-mail address only if the source is trusted for it', async () => {
    const principal = await fixture.newPrincipal();
    const body = { userName: 'x', emails: [{ value: 'Trusted@Example.com' }] };
    for (const source of ['mail', 'okta-scim']) {
      await fixture.map(source, 'trusted@example.com', principal);
      const { body: user } = await fixture.scim('POST', 'Users', body, { source });
      const deleted = await fixture.scim('DELETE', `Users/${user.id}`, undefined, { source });
      expect(await fixture.jobOf(deleted)).toMatchObject({ state: source === 'mail' ? 'done' : 'unmapped' });
    }
    expect(await fixture.hasGrant(principal)).toBe(false);
  });

  test('a deactivation that also changes the principal of the user revokes the grants of both principals', async () => {
    const [before, after] = [await fixture.newPrincipal(), await fixture.newPrincipal()];
    const { id, userName } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: before } });
    const body = { userName, active: false, [PRINCIPAL_SCHEMA]: { granteePrincipal: after } };
    const reply = await fixture.scim('PUT', `Users/${id}`, body);
    expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 2 });
    for (const principal of [before, after]) expect(await fixture.hasGrant(principal)).toBe(false);
  });

  test('a deactivation that the setting actions does not allow is refused, and the user stays active', async () => {
    const source = { source: 'narrow' };
    const { body } = await fixture.scim('POST', 'Users', { userName: 'x' }, source);
    const rows = await storedRows(fixture.service);
    for (const [method, change] of [
      ['PATCH', { Operations: [deactivation] }],
      ['DELETE', undefined],
    ] as const) {
      expect((await fixture.scim(method, `Users/${body.id}`, change, source)).status).toBe(403);
    }
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test('a PATCH that deactivates a user does so even if its other operations are malformed', async () => {
    const principal = await fixture.newPrincipal();
    const { id, userName } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } });
    const reply = await patch(id, { op: 'replace', path: 'userName', value: 7 }, deactivation);
    expect([reply.status, reply.body.active, reply.body.userName]).toEqual([200, false, userName]);
    expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1 });
  });

  test('a deactivation revokes even if the request gives the user a name that another user has; nobody is renamed', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const principal = await fixture.newPrincipal();
      const other = await newUser();
      const { id, userName } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } });
      const rename = { op: 'replace', path: 'userName', value: other.userName };
      const body =
        method === 'PUT' ? { userName: other.userName, active: false } : { Operations: [rename, deactivation] };
      const reply = await fixture.scim(method, `Users/${id}`, body);
      expect([reply.status, reply.body.active, reply.body.userName]).toEqual([200, false, userName]);
      expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1 });
      expect((await fixture.scim('GET', `Users/${other.id}`)).body).toEqual(other);
    }
  });

  test('a deactivation revokes even if the request has an object that is nested too deeply to be read', async () => {
    const principal = await fixture.newPrincipal();
    const { id, userName } = await newUser({ [PRINCIPAL_SCHEMA]: { granteePrincipal: principal } });
    const body = `{"userName":"${userName}","active":false,${`"${USER_SCHEMA}":{`.repeat(15_000)}${'}'.repeat(15_001)}`;
    const reply = await fixture.send(`/hooks/entra/Users/${id}`, {
      method: 'PUT',
      headers: { authorization: 'Bearer plain-secret-0123456789' },
      body,
    });
    expect([reply.status, reply.body.active]).toEqual([200, false]);
    expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1 });
  });

  test('a deactivation revokes even if another operation of the request would store a number as an address', async () => {
    const source = { source: 'mail' };
    const { body: user } = await fixture.scim('POST', 'Users', { userName: 'typed' }, source);
    const odd = { op: 'replace', path: 'emails[value eq 5].type', value: 'work' };
    const refused = await fixture.scim('PATCH', `Users/${user.id}`, { Operations: [odd] }, source);
    expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    const reply = await fixture.scim('PATCH', `Users/${user.id}`, { Operations: [odd, deactivation] }, source);
    expect([reply.status, reply.body.active]).toEqual([200, false]);
    expect((await fixture.scim('DELETE', `Users/${user.id}`, undefined, source)).status).toBe(204);
  });
});
