/** Authentication by AK/SK signature over HTTP. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { authorizationOf, sdkDateOf } from '../signing/independent.ts';
import { type ApiResponse, startService, type TestService } from '../support/service.ts';
import { failure, type Keys, type SdkClient, sdkClient } from './client.ts';

let service: TestService;
let keyId: string;
let where: { projectId: string };

beforeAll(async () => {
  service = await startService();
  where = { projectId: service.demo.project_id };
  keyId = service.demo.keys[0]?.key_id ?? '';
});
beforeEach(() => {
  service.clock.nowMs = Date.now();
});
afterAll(() => service.stop());

const clientOf = (keys: Keys): SdkClient => sdkClient(service.url, keys, where);
const canList = async (client: SdkClient) => (await client.listGrants({ key_id: keyId })).total === 3;
const refused = { httpStatusCode: 401, errorCode: 'APIGW.0301' };

/** Sends a list-grants that signs only the headers `signed`; those of `unsigned` are sent in addition. */
async function sendSigned(
  keys: Keys,
  signed: Record<string, string>,
  unsigned: Record<string, string> = {},
): Promise<ApiResponse> {
  const path = `/v1.0/${service.demo.project_id}/kms/list-grants`;
  const body = `{"key_id":"${keyId}"}\n`;
  const authorization = authorizationOf({
    uri: `${path}/`,
    headers: signed,
    body,
    accessKey: keys.access_key,
    secretKey: keys.secret_key,
  });
  return service.send(path, { headers: { ...signed, ...unsigned, authorization }, body });
}

test.each<[string, (date: string) => [Record<string, string>, Record<string, string>]]>([
  [
    'by the Go SDK, without Host and Content-Type',
    (date) => [{ 'user-agent': 'go', 'x-project-id': service.demo.project_id, 'x-sdk-date': date }, {}],
  ],
  [
    'by Terraform, which adds X-Project-Id after signing',
    (date) => [
      { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'tf', 'x-sdk-date': date },
      { 'x-project-id': service.demo.project_id },
    ],
  ],
  ['with the date only', (date) => [{ 'x-sdk-date': date }, {}]],
])('a request signed %s is accepted', async (_, headersOf) => {
  const [signed, unsigned] = headersOf(sdkDateOf(service.clock.nowMs));
  expect(await sendSigned(service.reader, signed, unsigned)).toMatchObject({ status: 200, body: { total: 3 } });
});

test('a disabled access key is refused immediately and accepted again when enabled; the other key of its user is not affected', async () => {
  const user = await service.addUser('two-keys', 'KMS CMKReadOnlyAccess');
  const other = await service.services.accounts.createAccessKey(user.user_id);
  const [client, otherClient] = [clientOf(user), clientOf(other)];
  expect(await canList(client)).toBe(true);
  await service.services.accounts.setAccessKeyEnabled(user.access_key, false);
  expect(await failure(client.listGrants({ key_id: keyId }))).toMatchObject(refused);
  expect(await canList(otherClient)).toBe(true);
  await service.services.accounts.setAccessKeyEnabled(user.access_key, true);
  expect(await canList(client)).toBe(true);
});

test('every access key of a disabled user is refused immediately', async () => {
  const user = await service.addUser('leaver', 'KMS CMKReadOnlyAccess');
  const other = await service.services.accounts.createAccessKey(user.user_id);
  const clients = [clientOf(user), clientOf(other)];
  expect(await Promise.all(clients.map(canList))).toEqual([true, true]);
  await service.services.accounts.setUserEnabled(user.user_id, false);
  for (const client of clients) expect(await failure(client.listGrants({ key_id: keyId }))).toMatchObject(refused);
});

test('a user of another project gets 403 KMS.0321, and 404 KMS.0207 for the key in the own project', async () => {
  const foreigner = await service.foreignUser();
  const error = await failure(clientOf(foreigner).listGrants({ key_id: keyId }));
  expect(error).toMatchObject({
    httpStatusCode: 403,
    errorCode: 'KMS.0321',
    errorMsg: 'URIs in URL and X-Auth-Token do not match.',
  });
  const clientOfOwnProject = sdkClient(service.url, foreigner, { projectId: foreigner.project_id });
  expect(await failure(clientOfOwnProject.listGrants({ key_id: keyId }))).toMatchObject({
    httpStatusCode: 404,
    errorCode: 'KMS.0207',
  });
});

test('a wrong secret key, an unknown or disabled access key and a disabled user get the same error', async () => {
  const off = await service.addUser('key-off', 'KMS CMKReadOnlyAccess');
  await service.services.accounts.setAccessKeyEnabled(off.access_key, false);
  const gone = await service.addUser('user-off', 'KMS CMKReadOnlyAccess');
  await service.services.accounts.setUserEnabled(gone.user_id, false);
  const signed = { 'x-sdk-date': sdkDateOf(service.clock.nowMs) };
  const answers = await Promise.all(
    [
      { ...service.reader, secret_key: 'wrong' },
      { access_key: 'AAAAAAAAAAAAAAAAAAAA', secret_key: service.reader.secret_key },
      off,
      gone,
    ].map((keys) => sendSigned(keys, signed)),
  );
  const message =
    'Incorrect IAM authentication information. The AK/SK signature is not valid: check the keys, the clock and that nothing changed the request.';
  for (const { status, body } of answers) {
    expect({ status, body }).toEqual({
      status: 401,
      body: {
        error: { error_code: 'APIGW.0301', error_msg: message },
        error_code: 'APIGW.0301',
        error_msg: message,
        request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
  }
});

test('a request with both a signature and a token is refused', async () => {
  const signed = { 'x-sdk-date': sdkDateOf(service.clock.nowMs) };
  const token = await service.token(service.reader);
  expect(await sendSigned(service.reader, signed, { 'x-auth-token': token })).toMatchObject({
    status: 401,
    body: { error_code: 'APIGW.0301' },
  });
});

test('a signature of one user with the access key of another is refused', async () => {
  const mixed = { access_key: service.creator.access_key, secret_key: service.reader.secret_key };
  expect(await failure(clientOf(mixed).listGrants({ key_id: keyId }))).toMatchObject(refused);
});
