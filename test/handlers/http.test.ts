/**
 * What every KMS route refuses before it looks at the body. One test file walks them all.
 * Also tests: lib/handlers/, lib/http/.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { ADMINISTRATOR_APIS, KMS_APIS, minimalBodies, permittedUser, READER_APIS } from '../support/apis.ts';
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
/** A role that the table of roles does not have; one that it has, but not for KMS. */
let unknownRole: DemoUser;
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

test('the walk meets every KMS API', () => {
  expect(KMS_APIS).toEqual(Object.keys(bodies));
});

describe.each(KMS_APIS)('%s', (name) => {
  const send = (headers: Record<string, string>, projectId?: string) =>
    service.send(pathOf(name, projectId), { headers, body: bodies[name] });

  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  test('is refused without credentials, whatever the body', async () => {
    expectError(await send({}), NOT_AUTHENTICATED);
    for (const body of [undefined, 'not JSON', 'x'.repeat(1024 * 1024)]) {
      expectError(await service.send(pathOf(name), { body }), NOT_AUTHENTICATED);
    }
  });

  test('is refused with a token that is none', async () => {
    const token = await service.token(service.creator);
    for (const wrong of ['', 'garbage', `${token}x`, token.slice(0, -1), token.toLowerCase(), `${token},${token}`]) {
      expectError(await send({ 'X-Auth-Token': wrong }), NOT_AUTHENTICATED);
    }
  });

  test('is refused with a token once its 24 hours are over', async () => {
    const headers = { 'X-Auth-Token': await service.token(service.creator) };
    const { nowMs } = service.clock;
    try {
      service.clock.nowMs = nowMs + DAY_MS;
      expectError(await send(headers), NOT_AUTHENTICATED);
    } finally {
      service.clock.nowMs = nowMs;
    }
  });

  test('is refused with the token of a disabled user', async () => {
    expectError(await send({ 'X-Auth-Token': await service.token(disabled) }), NOT_AUTHENTICATED);
  });

  test('is refused with an Authorization header that is no signature', async () => {
    const { access_key } = service.creator;
    const signature = `SDK-HMAC-SHA256 Access=${access_key}, SignedHeaders=x-sdk-date, Signature=${'0'.repeat(64)}`;
    for (const authorization of ['Basic YTpi', 'Bearer x', 'SDK-HMAC-SHA256', 'SDK-HMAC-SHA256 Access=', signature]) {
      expectError(await send({ authorization }), NOT_AUTHENTICATED);
      expectError(await send({ authorization, 'x-sdk-date': '20261122T062727Z' }), NOT_AUTHENTICATED);
    }
  });

  test('is refused with a signature by another secret key, and by a disabled user', async () => {
    const body = JSON.stringify(bodies[name]);
    const mixed = { ...service.creator, secret_key: service.grantee.secret_key };
    const unknown = { ...service.creator, access_key: 'ABCDEFGHIJKLMNOPQRST' };
    for (const user of [mixed, unknown, disabled]) {
      expectError(await sendSigned(service, user, pathOf(name), body), NOT_AUTHENTICATED);
    }
  });

  test('is refused with both X-Auth-Token and Authorization', async () => {
    const headers = { 'X-Auth-Token': await service.token(service.creator) };
    expectError(await send({ ...headers, authorization: '' }), NOT_AUTHENTICATED);
    expectError(await send({ ...headers, authorization: 'SDK-HMAC-SHA256 x' }), NOT_AUTHENTICATED);
  });

  test('is refused to a token of another project, on either side, and to one of no project', async () => {
    const foreign = { 'X-Auth-Token': await service.token(foreigner, foreigner.project_id) };
    const own = { 'X-Auth-Token': await service.token(service.creator) };
    expectError(await send(foreign), OTHER_PROJECT);
    expectError(await send(own, foreigner.project_id), OTHER_PROJECT);
    expectError(await send(own, 'nowhere'), OTHER_PROJECT);
    expectError(await send({ 'X-Auth-Token': unscoped }), OTHER_PROJECT);
  });

  test('is refused to a role that does not allow it', async () => {
    const users = [unknownRole, otherRole, ...(READER_APIS.includes(name) ? [] : [service.reader])];
    if (ADMINISTRATOR_APIS.includes(name)) users.push(service.creator);
    for (const user of users) expectError(await service.kms(user, name, bodies[name]), NO_PERMISSION);
  });
});

test('the reader may list and describe', async () => {
  for (const name of READER_APIS) {
    expect([name, (await service.kms(service.reader, name, bodies[name])).status]).toEqual([name, 200]);
  }
});

test('each of these bodies is a 200 for who may: nothing else was wrong with them', async () => {
  for (const name of KMS_APIS) {
    const { status, headers } = await service.kms(permittedUser(service, name), name, bodies[name]);
    expect([name, status]).toEqual([name, 200]);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get('content-type')).toBe('application/json');
  }
});
