/** Also tests: lib/identity/log-directory-change.ts. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { domainAdministration } from '../../../lib/identity/domain-administration.ts';
import { sign } from '../../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { okBody } from '../../support/create.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { type DirectoryService, sendAs, startDirectoryService } from './fixture.ts';

/** Source of the forms: IAM API reference, "Querying Permanent Access Keys", "Modifying a Permanent Access Key". */
const PATH = '/v3.0/OS-CREDENTIAL/credentials';
const OFF = { credential: { status: 'inactive' } };
const ON = { credential: { status: 'active' } };

let service: DirectoryService;
beforeAll(async () => {
  service = await startDirectoryService();
});
afterAll(() => service.stop());

const send = (request: string, body?: object | string) => sendAs(service, service.tenant, request, body);

/** Sends a PUT signed with the AK/SK of te_admin, as SDKs send it. */
async function sendSigned(user: DemoUser, path: string, content: object) {
  const body = JSON.stringify(content);
  const headers = {
    'content-type': 'application/json',
    'x-project-id': service.demo.project_id,
    'x-sdk-date': new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, ''),
  };
  const request = { method: 'PUT', path, query: '', headers, body: Buffer.from(body) };
  const keys = { accessKey: user.access_key, secretKey: user.secret_key };
  const authorization = sign(request, keys, Object.keys(headers));
  return service.send(path, { method: 'PUT', headers: { ...headers, authorization }, body });
}

test('te_admin lists the access keys of the domain by age, without secret keys', async () => {
  const { creator, grantee, reader, administrator, tenant } = service;
  const { credentials, links } = okBody(await send(`GET ${PATH}`));
  expect(credentials).toEqual(
    expect.arrayContaining(
      [creator, grantee, reader, administrator, tenant].map(({ access_key, user_id }) => ({
        access: access_key,
        user_id,
        status: 'active',
        create_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        description: '',
      })),
    ),
  );
  expect(credentials).toHaveLength(5);
  expect(links).toEqual({ self: PATH, next: null, previous: null });
  const times = credentials.map(({ create_time }: { create_time: string }) => create_time);
  expect(times).toEqual(times.toSorted());
  const text = JSON.stringify(credentials);
  for (const { secret_key } of [creator, grantee, reader, administrator, tenant])
    expect(text).not.toContain(secret_key);
});

test('the list can be limited to a user, and has pages', async () => {
  const { user_id, access_key } = service.reader;
  const { credentials } = okBody(await send(`GET ${PATH}?user_id=${user_id}`));
  expect(credentials.map(({ access }: { access: string }) => access)).toEqual([access_key]);
  const first = okBody(await send(`GET ${PATH}?limit=4`));
  const second = okBody(await send(`GET ${first.links.next}`));
  expect([first.credentials.length, second.credentials.length, second.links.next]).toEqual([4, 1, null]);
});

test('a disabled access key is refused from the next request on, until it is enabled', async () => {
  const user = await service.addUser('robot', 'te_admin');
  const own = `${PATH}/${service.reader.access_key}`;
  expect((await sendSigned(user, own, ON)).status).toBe(200);
  const { credential } = okBody(await send(`PUT ${PATH}/${user.access_key}`, OFF));
  expect(credential).toMatchObject({ access: user.access_key, user_id: user.user_id, status: 'inactive' });
  expectError(await sendSigned(user, own, ON), [401, 'APIGW.0301']);
  expect(okBody(await send(`PUT ${PATH}/${user.access_key}`, ON)).credential.status).toBe('active');
  expect((await sendSigned(user, own, ON)).status).toBe(200);
});

test('the access key that signs the request cannot be disabled by it: 400, and nothing is written', async () => {
  const { tenant } = service;
  const rows = await storedRows(service);
  const answer = await sendSigned(tenant, `${PATH}/${tenant.access_key}`, OFF);
  expectKeystoneError(answer, 400, 'Bad Request');
  expect(await storedRows(service)).toEqual(rows);
  expect(okBody(await send(`PUT ${PATH}/${tenant.access_key}`, OFF)).credential.status).toBe('inactive');
  okBody(await send(`PUT ${PATH}/${tenant.access_key}`, ON));
});

test('what belongs to another domain and what does not exist get the same 404, and nothing is written', async () => {
  const rows = await storedRows(service);
  const { access_key, user_id } = service.stranger;
  for (const request of [`PUT ${PATH}/${access_key}`, `PUT ${PATH}/UNKNOWN`]) {
    const answer = await send(request, OFF);
    expectKeystoneError(answer, 404, 'Not Found');
    expect(answer.body.error.message).toBe('The resource could not be found.');
  }
  for (const id of [user_id, 'unknown']) expectKeystoneError(await send(`GET ${PATH}?user_id=${id}`), 404, 'Not Found');
  const { credentials } = okBody(await sendAs(service, service.stranger, `GET ${PATH}`));
  expect(credentials.map(({ access }: { access: string }) => access)).toEqual([access_key]);
  const foreign = await sendAs(service, service.stranger, `PUT ${PATH}/${service.reader.access_key}`, OFF);
  expectKeystoneError(foreign, 404, 'Not Found');
  expect(await storedRows(service)).toEqual(rows);
});

test('an access key of another domain takes as many reads as one that does not exist', async () => {
  const reads: string[] = [];
  const directory = new Proxy(service.services.store.directory, {
    get(target, name) {
      reads.push(String(name));
      return Reflect.get(target, name);
    },
  });
  const { user_id: userId, domain_id: domainId } = service.tenant;
  const projectId = service.demo.project_id;
  const caller = { userId, domainId, projectId, roles: ['te_admin'] };
  const request = { requestId: 'r', action: 'access-keys', channel: 'http', body: new Uint8Array() } as const;
  const administration = domainAdministration(directory, { caller, projectId, ...request });
  const readsFor = async (accessKey: string) => {
    reads.length = 0;
    await expect(administration.setAccessKeyEnabled(accessKey, false)).rejects.toThrow();
    return [...reads];
  };
  expect(await readsFor('UNKNOWN')).toEqual(await readsFor(service.stranger.access_key));
});

test('any other change is 400, and one by another role 403; nothing is written', async () => {
  const rows = await storedRows(service);
  const request = `PUT ${PATH}/${service.reader.access_key}`;
  for (const body of [
    {},
    'not JSON',
    { credential: {} },
    { credential: { status: 'disabled' } },
    { credential: { status: 'inactive', description: 'x' } },
  ]) {
    expectKeystoneError(await send(request, body), 400, 'Bad Request');
  }
  expectError(await sendAs(service, service.administrator, request, OFF), [403, 'KMS.0307']);
  expect(await storedRows(service)).toEqual(rows);
});
