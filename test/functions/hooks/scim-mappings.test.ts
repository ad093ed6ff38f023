/**
 * Users who were not created here: an administrator has mapped ids of the identity provider. Before version 0.3, this
 * service stored no users, so their removal must still be accepted.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { handler } from '../../../functions/hooks/scim.ts';
import { type ScimFixture, startScimFixture, USER_SCHEMA } from '../../scim/fixture.ts';
import { expectError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { PLAIN_SECRET } from '../../webhooks/fixture.ts';

let fixture: ScimFixture;
beforeAll(async () => {
  fixture = await startScimFixture();
});
afterAll(() => fixture.stop());

const DONE = { state: 'done', revoked: 1, unmapped: [] };
const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});

test.each([
  ['PATCH', 'with a path', patchOf({ op: 'Replace', path: 'active', value: 'False' })],
  ['PATCH', 'with an empty path', patchOf({ op: 'replace', path: '', value: { active: false } })],
  ['PATCH', 'with the schema as key', patchOf({ op: 'replace', value: { [USER_SCHEMA]: { active: false } } })],
  ['PATCH', 'with a list', patchOf({ op: 'Replace', path: 'active', value: [{ $ref: null, value: 'False' }] })],
  ['PUT', 'of the user', { userName: 'ann', active: false }],
  ['PUT', 'without the name', { active: false }],
  ['DELETE', 'of the user', undefined],
])('a %s %s that deactivates a mapped id revokes the grants', async (method, _, body) => {
  const principal = await fixture.newPrincipal();
  const id = `id-${randomUUID()}`;
  await fixture.map('entra', id, principal);
  const reply = await fixture.scim(method, `Users/${id}`, body);
  expect(reply.status).toBe(method === 'DELETE' ? 204 : 200);
  if (method !== 'DELETE') expect(reply.body).toMatchObject({ schemas: [USER_SCHEMA], id, active: false });
  expect(await fixture.jobOf(reply)).toMatchObject(DONE);
  expect(await fixture.hasGrant(principal)).toBe(false);
});

test('the deactivation of an id that is mapped for every source revokes the grants', async () => {
  const principal = await fixture.newPrincipal();
  await fixture.map('*', 'any-source', principal);
  expect(await fixture.jobOf(await fixture.scim('DELETE', 'Users/any-source'))).toMatchObject(DONE);
});

test('a request about an id that is neither stored nor mapped gets 404, and nothing is written', async () => {
  await fixture.map('okta-scim', 'of-another-source', await fixture.newPrincipal());
  const rows = await storedRows(fixture.service);
  for (const id of ['unknown', 'of-another-source', 'x'.repeat(3_000)]) {
    for (const [method, body] of [
      ['PATCH', patchOf({ op: 'replace', path: 'active', value: false })],
      ['PUT', { userName: 'ann', active: false }],
      ['DELETE', undefined],
      ['GET', undefined],
    ] as const) {
      expect((await fixture.scim(method, `Users/${id}`, body)).status).toBe(404);
    }
  }
  expect(await storedRows(fixture.service)).toEqual(rows);
});

test('a change of a mapped id that leaves the user active gets 404', async () => {
  await fixture.map('entra', 'still-active', await fixture.newPrincipal());
  const body = patchOf({ op: 'replace', path: 'displayName', value: 'x' });
  expect((await fixture.scim('PATCH', 'Users/still-active', body)).status).toBe(404);
  expect((await fixture.scim('PUT', 'Users/still-active', { userName: 'x' })).status).toBe(404);
});

// Source: RFC 7643, section 8.7.1: `caseExact` is false for userName; section 3.1: it is true for externalId.
test('a userName matches its mapping in any case, an externalId only in its own', async () => {
  const [byName, byExternalId] = [await fixture.newPrincipal(), await fixture.newPrincipal()];
  await fixture.map('entra', 'B.Jensen', byName);
  await fixture.map('entra', 'Ext-7', byExternalId);
  const put = (user: object) => fixture.scim('PUT', 'Users/701984', { ...user, active: false });
  expect((await put({ externalId: 'ext-7' })).status).toBe(404);
  expect(await fixture.jobOf(await put({ externalId: 'ext-7', userName: 'b.jensen' }))).toMatchObject(DONE);
  expect(await fixture.hasGrant(byName)).toBe(false);
  expect(await fixture.jobOf(await put({ externalId: 'Ext-7' }))).toMatchObject(DONE);
  expect(await fixture.hasGrant(byExternalId)).toBe(false);
});

// Each id as a client sends it: percent-encoded once.
test.each(['acme/ann', '50%', '50%25', 'ann@example.com', 'a b+c', 'é?#', 'Users'])(
  'the user id %j is decoded exactly once',
  async (id) => {
    const principal = await fixture.newPrincipal();
    await fixture.map('entra', id, principal);
    const reply = await fixture.scim('DELETE', `Users/${encodeURIComponent(id)}`);
    expect(await fixture.jobOf(reply)).toMatchObject(DONE);
    expect(await fixture.hasGrant(principal)).toBe(false);
  },
);

// Source: AWS, "Create routes for HTTP APIs": request parameters are decoded; `rawPath` is decoded too.
test('an event of API Gateway, whose rawPath is decoded, revokes the grants of a user with a slash in the id', async () => {
  const principal = await fixture.newPrincipal();
  await fixture.map('entra', 'acme/bob', principal);
  const rawPath = '/hooks/entra/Users/acme/bob';
  const event = {
    version: '2.0',
    routeKey: 'DELETE /hooks/{source}/{path+}',
    rawPath,
    rawQueryString: '',
    headers: { authorization: `Bearer ${PLAIN_SECRET}`, host: 'kms.example.com' },
    pathParameters: { source: 'entra', path: 'Users/acme/bob' },
    requestContext: { http: { method: 'DELETE', path: rawPath, sourceIp: '192.0.2.1' }, requestId: 'r' },
    isBase64Encoded: false,
  };
  const { statusCode, headers } = await Reflect.apply(handler, undefined, [event, { functionName: 'scim' }]);
  expect(statusCode).toBe(204);
  expect(await fixture.endedJob(headers['x-job-id'])).toMatchObject(DONE);
});

test('a path with a malformed percent-encoding gets 400', async () => {
  for (const id of ['%', '50%', '%ff', '%zz']) {
    expectError(await fixture.scim('DELETE', `Users/${id}`), [400, 'APIGW.0201']);
  }
});
