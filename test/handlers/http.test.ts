/**
 * Authentication and authorization on every KMS route, which come before the body is parsed.
 * Also tests: lib/handlers/, lib/http/.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { KMS_APIS, minimalBodies, NEED_SOURCES, PRIVILEGED_APIS, permittedUser, READER_APIS } from '../support/apis.ts';
import { expectError } from '../support/expect-error.ts';
import { sendSigned } from '../support/send-signed.ts';
import { startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOT_AUTHENTICATED: [number, string] = [401, 'APIGW.0301'];
const OTHER_PROJECT: [number, string] = [403, 'KMS.0321'];
const NO_PERMISSION: [number, string] = [403, 'KMS.0307'];

let service: TestService;
let foreigner: DemoUser & { project_id: string };
/** Has a role that is not in the table of roles. */
let unknownRole: DemoUser;
/** Has a role of the table, without KMS permissions. */
let otherRole: DemoUser;
let disabled: DemoUser;
let unscoped: string;
let bodies: Record<string, Record<string, unknown>>;
let rows: Record<string, unknown[]>;

beforeAll(async () => {
  service = await startService();
  const { accounts, store, tokens } = service.services;
  foreigner = await service.foreignUser();
  otherRole = await service.addUser('security', 'Security Administrator');
  disabled = await service.addUser('disabled', 'KMS Administrator');

  const { project } = await accounts.createProject('second', 'demo');
  const unknown = await accounts.createUser(project.projectId, 'unknown', 'KMS Administrator');
  unknownRole = { ...unknown, ...(await accounts.createAccessKey(unknown.user_id)) };
  await store.directory.addRole(unknown.user_id, service.demo.project_id, 'KMS Nothing');

  const { creator } = service;
  unscoped = (await tokens.issue({ user: { id: creator.user_id }, password: creator.password })).token;
  for (const user of [creator, service.reader, unknownRole, otherRole, disabled]) await service.token(user);
  await service.token(foreigner, foreigner.project_id);
  await accounts.setUserEnabled(disabled.user_id, false);
  bodies = await minimalBodies(service);
  rows = await storedRows(service);
});
afterAll(() => service.stop());

const pathOf = (name: string, projectId = service.demo.project_id) => `/v1.0/${projectId}/kms/${name}`;

test('these tests have a request body for every KMS API', () => {
  expect(KMS_APIS).toEqual(Object.keys(bodies));
});

describe.each(KMS_APIS)('%s', (name) => {
  const send = (headers: Record<string, string>, projectId?: string) =>
    service.send(pathOf(name, projectId), { headers, body: bodies[name] });

  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  test('refuses a request without credentials, whatever its body: APIGW.0301', async () => {
    expectError(await send({}), NOT_AUTHENTICATED);
    for (const body of [undefined, 'not JSON', 'x'.repeat(1024 * 1024)]) {
      expectError(await service.send(pathOf(name), { body }), NOT_AUTHENTICATED);
    }
  });

  test('a request with an invalid token fails with APIGW.0301', async () => {
    const token = await service.token(service.creator);
    for (const wrong of ['', 'garbage', `${token}x`, token.slice(0, -1), token.toLowerCase(), `${token},${token}`]) {
      expectError(await send({ 'X-Auth-Token': wrong }), NOT_AUTHENTICATED);
    }
  });

  test('refuses a token after 24 hours: APIGW.0301', async () => {
    const headers = { 'X-Auth-Token': await service.token(service.creator) };
    const { nowMs } = service.clock;
    try {
      service.clock.nowMs = nowMs + DAY_MS;
      expectError(await send(headers), NOT_AUTHENTICATED);
    } finally {
      service.clock.nowMs = nowMs;
    }
  });

  test('refuses the token of a disabled user: APIGW.0301', async () => {
    expectError(await send({ 'X-Auth-Token': await service.token(disabled) }), NOT_AUTHENTICATED);
  });

  test('refuses an Authorization header that is malformed or has a wrong signature: APIGW.0301', async () => {
    const { access_key } = service.creator;
    const signature = `SDK-HMAC-SHA256 Access=${access_key}, SignedHeaders=x-sdk-date, Signature=${'0'.repeat(64)}`;
    for (const authorization of ['Basic YTpi', 'Bearer x', 'SDK-HMAC-SHA256', 'SDK-HMAC-SHA256 Access=', signature]) {
      expectError(await send({ authorization }), NOT_AUTHENTICATED);
      expectError(await send({ authorization, 'x-sdk-date': '20261122T062727Z' }), NOT_AUTHENTICATED);
    }
  });

  test('refuses a signature by a wrong secret key, an unknown access key or a disabled user: APIGW.0301', async () => {
    const body = JSON.stringify(bodies[name]);
    const mixed = { ...service.creator, secret_key: service.grantee.secret_key };
    const unknown = { ...service.creator, access_key: 'ABCDEFGHIJKLMNOPQRST' };
    for (const user of [mixed, unknown, disabled]) {
      expectError(await sendSigned(service, user, pathOf(name), body), NOT_AUTHENTICATED);
    }
  });

  test('refuses X-Auth-Token and Authorization together: APIGW.0301', async () => {
    const headers = { 'X-Auth-Token': await service.token(service.creator) };
    expectError(await send({ ...headers, authorization: '' }), NOT_AUTHENTICATED);
    expectError(await send({ ...headers, authorization: 'SDK-HMAC-SHA256 x' }), NOT_AUTHENTICATED);
  });

  test('refuses a token whose project is not that of the URL, and one without a project: KMS.0321', async () => {
    const foreign = { 'X-Auth-Token': await service.token(foreigner, foreigner.project_id) };
    const own = { 'X-Auth-Token': await service.token(service.creator) };
    expectError(await send(foreign), OTHER_PROJECT);
    expectError(await send(own, foreigner.project_id), OTHER_PROJECT);
    expectError(await send(own, 'nowhere'), OTHER_PROJECT);
    expectError(await send({ 'X-Auth-Token': unscoped }), OTHER_PROJECT);
  });

  test('refuses a role without the permission: KMS.0307', async () => {
    const users = [unknownRole, otherRole, ...(READER_APIS.includes(name) ? [] : [service.reader])];
    if (PRIVILEGED_APIS.includes(name)) users.push(service.creator);
    for (const user of users) expectError(await service.kms(user, name, bodies[name]), NO_PERMISSION);
  });
});

test('the role KMS CMKReadOnlyAccess may call the reading APIs', async () => {
  for (const name of READER_APIS) {
    expect([name, (await service.kms(service.reader, name, bodies[name])).status]).toEqual([name, 200]);
  }
});

test('each request of these tests gets 200 with a permitted user, so the refusals had no other cause', async () => {
  for (const name of KMS_APIS.filter((name) => !NEED_SOURCES.includes(name))) {
    const { status, headers } = await service.kms(permittedUser(service, name), name, bodies[name]);
    expect([name, status]).toEqual([name, 200]);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get('content-type')).toBe('application/json');
  }
});
