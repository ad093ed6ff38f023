/** Who a signature proves one to be, over HTTP. */
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

/** A list of grants signed over these headers only; `more` are sent unsigned. */
async function sendSigned(
  keys: Keys,
  signed: Record<string, string>,
  more: Record<string, string> = {},
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
  return service.send(path, { headers: { ...signed, ...more, authorization }, body });
}

test.each<[string, (date: string) => [Record<string, string>, Record<string, string>]]>([
  [
    'the Go SDK does: neither Host nor Content-Type',
    (date) => [{ 'user-agent': 'go', 'x-project-id': service.demo.project_id, 'x-sdk-date': date }, {}],
  ],
  [
    'Terraform does: X-Project-Id is added after signing',
    (date) => [
      { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'tf', 'x-sdk-date': date },
      { 'x-project-id': service.demo.project_id },
    ],
  ],
  ['it can be at the least: the date alone', (date) => [{ 'x-sdk-date': date }, {}]],
])('a request signed as %s is accepted', async (_, headersOf) => {
  const [signed, unsigned] = headersOf(sdkDateOf(service.clock.nowMs));
  expect(await sendSigned(service.reader, signed, unsigned)).toMatchObject({ status: 200, body: { total: 3 } });
});

test('a disabled access key is refused at once and good again when enabled; the other key of its user works', async () => {
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

test('every access key of a disabled user is refused at once', async () => {
  const user = await service.addUser('leaver', 'KMS CMKReadOnlyAccess');
  const other = await service.services.accounts.createAccessKey(user.user_id);
  const clients = [clientOf(user), clientOf(other)];
  expect(await Promise.all(clients.map(canList))).toEqual([true, true]);
  await service.services.accounts.setUserEnabled(user.user_id, false);
  for (const client of clients) expect(await failure(client.listGrants({ key_id: keyId }))).toMatchObject(refused);
});

test('a user of another project is refused as a stranger to this one: 403 KMS.0321', async () => {
  const stranger = await service.foreignUser();
  const error = await failure(clientOf(stranger).listGrants({ key_id: keyId }));
  expect(error).toMatchObject({
    httpStatusCode: 403,
    errorCode: 'KMS.0321',
    errorMsg: 'URIs in URL and X-Auth-Token do not match.',
  });
  const elsewhere = sdkClient(service.url, stranger, { projectId: stranger.project_id });
  expect(await failure(elsewhere.listGrants({ key_id: keyId }))).toMatchObject({
    httpStatusCode: 404,
    errorCode: 'KMS.0207',
  });
});

test('a wrong secret, an unknown access key, a disabled one and a disabled user are answered alike', async () => {
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

test('a signature beside a token is refused: it must be clear who is meant', async () => {
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
