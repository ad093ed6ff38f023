/**
 * The requests of Okta in their documented order and forms, and what its test suites for SCIM check. Source: Okta,
 * "SCIM 2.0 Protocol Reference" and "Test your SCIM API".
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScimFixture, startScimFixture, USER_SCHEMA } from '../../scim/fixture.ts';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let fixture: ScimFixture;
beforeAll(async () => {
  fixture = await startScimFixture();
});
afterAll(() => fixture.stop());

const HEADERS = {
  'user-agent': 'Okta SCIM Client 1.0.0',
  accept: 'application/scim+json',
  'content-type': 'application/json',
};
const send = (method: string, path: string, body?: object) =>
  fixture.scim(method, path, body, { source: 'okta-scim', headers: HEADERS });
const byName = (name: string) =>
  send('GET', `scim/v2/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}&startIndex=1&count=100`);

/** @param active left out where it is undefined */
const userOf = (name: string, active?: boolean) => ({
  schemas: [USER_SCHEMA],
  userName: name,
  name: { givenName: 'Test', familyName: 'User' },
  emails: [{ primary: true, value: name, type: 'work' }],
  displayName: 'Test User',
  locale: 'en-US',
  externalId: `00u-${name}`,
  groups: [],
  password: '1mz050nq',
  ...(active !== undefined && { active }),
});

test('Okta tests the connection, creates a user, and finds it again', async () => {
  const first = await send('GET', 'scim/v2/Users?startIndex=1&count=2');
  expect([first.status, first.body.totalResults]).toEqual([200, 0]);
  expect((await byName('test.user@okta.example')).body.totalResults).toBe(0);
  const created = await send('POST', 'scim/v2/Users', userOf('test.user@okta.example', true));
  expect([created.status, created.body.active, created.body.name]).toEqual([
    201,
    true,
    { givenName: 'Test', familyName: 'User' },
  ]);
  expect(created.text).not.toContain('1mz050nq');
  expect((await send('GET', `scim/v2/Users/${created.body.id}`)).body).toEqual(created.body);
  expect((await byName('TEST.USER@OKTA.EXAMPLE')).body.Resources).toEqual([created.body]);
  const again = await send('POST', 'scim/v2/Users', userOf('test.user@okta.example', true));
  expect([again.status, again.body.status, again.body.scimType]).toEqual([409, '409', 'uniqueness']);
  const page = await send('GET', 'scim/v2/Users?count=1&startIndex=1');
  expect(page.body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    itemsPerPage: 1,
    startIndex: 1,
    totalResults: 1,
    Resources: [
      {
        id: created.body.id,
        userName: 'test.user@okta.example',
        active: true,
        emails: [{ value: 'test.user@okta.example' }],
      },
    ],
  });
  const unknown = await send('GET', 'scim/v2/Users/010101001010101011001010101011');
  expect([unknown.status, unknown.body.schemas]).toEqual([404, ['urn:ietf:params:scim:api:messages:2.0:Error']]);
  expect((await send('GET', 'scim/v2/Groups?startIndex=1&count=100')).status).toBe(200);
});

test.each<[string, (id: string, name: string) => ReturnType<typeof send>]>([
  [
    'PUT of the user (App Integration Wizard)',
    (id, name) => send('PUT', `scim/v2/Users/${id}`, { id, ...userOf(name, false) }),
  ],
  [
    'PATCH without a path (Okta Integration Network)',
    (id) =>
      send('PATCH', `scim/v2/Users/${id}`, {
        schemas: [PATCH_OP],
        Operations: [{ op: 'replace', value: { active: false } }],
      }),
  ],
])('Okta deactivates a user with a %s, who loses the grants of the mapped externalId', async (title, deactivate) => {
  const name = `${title.slice(0, 3)}@okta.example`;
  const principal = await fixture.newPrincipal();
  await fixture.map('okta-scim', `00u-${name}`, principal);
  const { id } = (await send('POST', 'scim/v2/Users', userOf(name, true))).body;
  const updated = await send('PUT', `scim/v2/Users/${id}`, { id, ...userOf(name, true), displayName: 'New' });
  expect([updated.status, updated.body.displayName, updated.headers.get('x-job-id')]).toEqual([200, 'New', null]);
  const reply = await deactivate(id, name);
  expect([reply.status, reply.body.active]).toEqual([200, false]);
  expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1 });
  expect(await fixture.hasGrant(principal)).toBe(false);
  // Okta never deletes a user: a returning one is found and activated again.
  expect((await byName(name)).body.Resources).toMatchObject([{ id, active: false }]);
  const active = await send('PUT', `scim/v2/Users/${id}`, { id, ...userOf(name, true) });
  expect([active.status, active.body.active, active.headers.get('x-job-id')]).toEqual([200, true, null]);
  expect(await fixture.hasGrant(principal)).toBe(false);
});

test('a PUT without active means an active user, and is not read as a deactivation', async () => {
  const principal = await fixture.newPrincipal();
  const name = 'no-active@okta.example';
  await fixture.map('okta-scim', `00u-${name}`, principal);
  const { id } = (await send('POST', 'scim/v2/Users', userOf(name))).body;
  const reply = await send('PUT', `scim/v2/Users/${id}`, { id, ...userOf(name), displayName: 'New' });
  expect([reply.status, reply.body.active, reply.headers.get('x-job-id')]).toEqual([200, true, null]);
  expect(await fixture.hasGrant(principal)).toBe(true);
});

test('Okta pushes a group, changes its members and deletes it', async () => {
  const { id: member } = (await send('POST', 'scim/v2/Users', userOf('member@okta.example'))).body;
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
  const group = { schemas, displayName: 'Test SCIMv2', members: [] };
  const { status, body } = await send('POST', 'scim/v2/Groups', group);
  expect(status).toBe(201);
  const path = `scim/v2/Groups/${body.id}`;
  const operations = [
    { op: 'replace', value: { id: body.id, displayName: 'Renamed' } },
    { op: 'add', path: 'members', value: [{ value: member, display: 'member@okta.example' }] },
  ];
  const patched = await send('PATCH', path, { schemas: [PATCH_OP], Operations: operations });
  expect(patched.body).toMatchObject({ displayName: 'Renamed', members: [{ value: member }] });
  const replaced = await send('PUT', path, { ...group, id: body.id, members: [{ value: member }] });
  expect([replaced.status, replaced.body.members]).toEqual([200, [{ value: member }]]);
  expect((await send('DELETE', path)).status).toBe(204);
});
