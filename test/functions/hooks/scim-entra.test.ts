/**
 * The requests of Microsoft Entra ID in their documented order and forms. Source: Microsoft, "Develop and plan
 * provisioning for a SCIM endpoint in Microsoft Entra ID", and "Known issues and resolutions with SCIM 2.0 protocol
 * compliance of the Microsoft Entra user provisioning service".
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PRINCIPAL_SCHEMA, type ScimFixture, startScimFixture, USER_SCHEMA } from '../../scim/fixture.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let fixture: ScimFixture;
beforeAll(async () => {
  fixture = await startScimFixture();
});
afterAll(() => fixture.stop());

describe.each([
  ['with the flag aadOptscim062020', '?aadOptscim062020', 'replace', 'add', false],
  ['without it', '', 'Replace', 'Add', 'False'],
] as const)('Entra ID %s', (_, flag, replace, add, no) => {
  const send = (method: string, path: string, body?: object) => fixture.scim(method, path + flag, body);
  const patch = (id: string, ...Operations: object[]) =>
    send('PATCH', `Users/${id}`, { schemas: [PATCH_OP], Operations });
  const find = (filter: string) =>
    fixture.scim('GET', `scim/Users?filter=${encodeURIComponent(filter)}${flag.replace('?', '&')}`);
  const name = `Test_User_${flag ? 1 : 2}@Contoso.example`;

  test('Entra ID tests the connection with a user that does not exist', async () => {
    const { status, body } = await find('userName eq "3f60de2b-8d3a-4d7a-9a7c-5a4f1ab0a5b4"');
    expect([status, body.totalResults, body.Resources]).toEqual([200, 0, []]);
  });

  test('Entra ID creates, finds, changes, disables, enables and deletes a user, who loses the grants when disabled', async () => {
    const principal = await fixture.newPrincipal();
    expect((await find(`userName eq "${name}"`)).body.totalResults).toBe(0);
    const created = await send('POST', 'Users', {
      schemas: [USER_SCHEMA, ENTERPRISE, PRINCIPAL_SCHEMA],
      externalId: `nick-${flag}`,
      userName: name,
      active: true,
      addresses: null,
      displayName: 'Test User',
      emails: [{ type: 'work', value: name, primary: true }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Test User', familyName: 'User', givenName: 'Test' },
      phoneNumbers: null,
      title: null,
      roles: [],
      [ENTERPRISE]: { department: 'x', employeeNumber: '7' },
      [PRINCIPAL_SCHEMA]: { granteePrincipal: principal },
    });
    const { id } = created.body;
    expect([created.status, created.body.active, created.body.userName]).toEqual([201, true, name]);
    expect(JSON.stringify(created.body)).not.toContain('null');
    expect((await find(`userName eq "${name.toUpperCase()}"`)).body.Resources).toEqual([created.body]);
    expect((await find(`externalId eq "nick-${flag}" and active eq true`)).body.totalResults).toBe(1);
    expect((await find(`emails[type eq "work"].value eq "${name}"`)).body.totalResults).toBe(1);

    const changed = flag
      ? [
          {
            op: replace,
            value: { 'name.givenName': 'New', displayName: 'New User', [`${ENTERPRISE}:department`]: 'y' },
          },
        ]
      : [
          { op: replace, path: 'name.givenName', value: 'New' },
          { op: add, path: 'displayName', value: 'New User' },
          { op: add, path: `${ENTERPRISE}:manager`, value: 'x' },
        ];
    const updated = await patch(id, ...changed, {
      op: replace,
      path: 'emails[type eq "work"].value',
      value: 'new@contoso.example',
    });
    expect([updated.status, updated.body]).toMatchObject([
      200,
      {
        displayName: 'New User',
        name: { formatted: 'Test User', familyName: 'User', givenName: 'New' },
        emails: [{ type: 'work', value: 'new@contoso.example', primary: true }],
        active: true,
      },
    ]);
    expect(updated.headers.get('x-job-id')).toBeNull();
    expect(await fixture.hasGrant(principal)).toBe(true);

    const disabled = await patch(id, { op: replace, path: 'active', value: no });
    expect([disabled.status, disabled.body.active]).toEqual([200, false]);
    expect(await fixture.jobOf(disabled)).toMatchObject({ state: 'done', revoked: 1 });
    expect(await fixture.hasGrant(principal)).toBe(false);

    // A search still finds a user who is disabled.
    expect((await find(`userName eq "${name}"`)).body.Resources).toMatchObject([{ id, active: false }]);
    expect((await send('GET', `Users/${id}`)).status).toBe(200);
    const enabled = await patch(id, { op: replace, value: { active: flag ? true : 'True' } });
    expect([enabled.status, enabled.body.active]).toEqual([200, true]);
    expect((await send('DELETE', `Users/${id}`)).status).toBe(204);
    expect((await send('GET', `Users/${id}`)).status).toBe(404);
    expect((await find(`userName eq "${name}"`)).body.totalResults).toBe(0);
  });

  test('Entra ID creates a group, changes its members and deletes it', async () => {
    const { body: user } = await send('POST', 'Users', { userName: `member-${flag}` });
    const created = await send('POST', 'Groups', {
      schemas: [
        'urn:ietf:params:scim:schemas:core:2.0:Group',
        'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
      ],
      externalId: `group-${flag}`,
      displayName: `Group ${flag}`,
      meta: { resourceType: 'Group' },
    });
    expect(created.status).toBe(201);
    const path = `Groups/${created.body.id}`;
    const member = { $ref: null, value: user.id };
    const change = (operation: object) => send('PATCH', path, { schemas: [PATCH_OP], Operations: [operation] });
    const added = await change({ op: add, path: 'members', value: [member] });
    expect([added.status, added.body.members]).toEqual([200, [{ value: user.id }]]);
    const without = await fixture.scim('GET', `${path}?excludedAttributes=members`);
    expect(without.body.members).toBeUndefined();
    const removal = flag
      ? { op: 'remove', path: `members[value eq "${user.id}"]` }
      : { op: 'Remove', path: 'members', value: [member] };
    expect((await change(removal)).body.members).toBeUndefined();
    expect((await send('DELETE', path)).status).toBe(204);
  });
});
