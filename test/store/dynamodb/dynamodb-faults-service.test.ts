/** The running service while its table cannot be used: the replies to clients and the log lines for operators. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Demo } from '../../../local/demo.ts';
import { dynamodbEndpoint, freshTableName } from '../../support/dynamodb.ts';
import {
  accessDenied,
  cancelled,
  clockAhead,
  clockBehind,
  connectionCut,
  expiredCredentials,
  type FakeDynamodb,
  noResponse,
  respondWith,
  responseLost,
  type Step,
  startFakeDynamodb,
  tableMissing,
  throttled,
  unknownCredentials,
  wrongSecret,
} from '../../support/fake-dynamodb.ts';
import { auditTable } from '../../support/oracles/dynamodb.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';

const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLEtokenOfTheSession0123456789';
const REGION = 'eu-central-1';
const table = freshTableName();

let dataDir: string;
let fake: FakeDynamodb;
let service: ServiceProcess;
let demo: Demo;
let token: string;

beforeAll(async () => {
  dataDir = newDataDir();
  fake = await startFakeDynamodb(dynamodbEndpoint());
  service = await startProcess(dataDir, [], {
    STORE: 'dynamodb',
    DYNAMODB_ENDPOINT: fake.endpoint,
    TABLE: table,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: SESSION_TOKEN,
  });
  demo = service.demo();
  const [creator] = demo.users;
  const identity = { methods: ['password'], password: { user: { id: creator?.user_id, password: creator?.password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { id: demo.project_id } } } });
  const response = await fetch(`${service.url}/v3/auth/tokens`, { method: 'POST', body });
  token = response.headers.get('x-subject-token') ?? '';
});
afterAll(async () => {
  await service?.stop('SIGKILL');
  await fake?.stop();
  rmSync(dataDir, { recursive: true });
});

async function post(name: string, body: object) {
  const url = `${service.url}/v1.0/${demo.project_id}/kms/${name}`;
  const headers = { 'X-Auth-Token': token };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const id = response.headers.get('x-request-id') ?? '';
  return { status: response.status, id, text: await response.text(), headers: [...response.headers].join('\n') };
}

/** Waits for the log line of a request, which another process writes. */
async function logLineOf(id: string) {
  for (;;) {
    const line = service
      .output()
      .split('\n')
      .slice(0, -1)
      .find((text) => text.includes(`"request_id":"${id}"`));
    if (line) return JSON.parse(line) as Record<string, unknown>;
    await once(service.child.stdout ?? service.child, 'data');
  }
}

const grantCount = async () => {
  const counts = demo.keys.map(async ({ key_id }) => JSON.parse((await post('list-grants', { key_id })).text).total);
  return (await Promise.all(counts)).reduce((sum, total) => sum + total, 0);
};

/** Sends a read and a change while every request to DynamoDB fails with this step. */
async function repliesDuring(step: Step) {
  const [key] = demo.keys;
  const [grant] = demo.grants;
  const before = await grantCount();
  fake.always('*', step);
  const replies = await Promise.all([post('list-grants', { key_id: key?.key_id }), post('revoke-grant', grant ?? {})]);
  fake.reset();
  expect(await grantCount()).toBe(before);
  return replies;
}

const errorOf = (error_code: string, error_msg: string, request_id: string) => ({
  error: { error_code, error_msg },
  error_code,
  error_msg,
  request_id,
});

describe('the reply is 500 without a reason, and the log line has the cause', () => {
  test.each([
    ['a missing table', tableMissing, ['ResourceNotFoundException', 'Requested resource not found']],
    ['a missing permission', accessDenied, ['AccessDeniedException', 'is not authorized to perform: dynamodb:GetItem']],
    ['unknown credentials', unknownCredentials, ['UnrecognizedClientException', 'security token']],
    ['expired credentials', expiredCredentials, ['ExpiredTokenException', 'is expired']],
    ['a wrong secret', wrongSecret, ['InvalidSignatureException', 'signature you provided']],
    ['a clock that is behind', clockBehind, ['InvalidSignatureException', 'Signature expired', 'clock']],
    ['a clock that is ahead', clockAhead, ['InvalidSignatureException', 'Signature not yet current', 'clock']],
  ])('after %s', async (_what, step, words) => {
    for (const { status, text, id, headers } of await repliesDuring(step)) {
      expect(status).toBe(500);
      expect(JSON.parse(text)).toEqual(errorOf('KMS.0101', 'KMS error.', id));
      expect(headers).not.toMatch(/dynamo|amz|aws/i);
      const line = await logLineOf(id);
      expect(line).toMatchObject({ level: 'ERROR', status: 500, code: 'KMS.0101', cause: expect.any(String) });
      for (const word of words) expect(line['cause']).toContain(word);
    }
  });
});

describe('the reply is 504 with a general text, and only the log line names the cause', () => {
  test.each([
    ['throttling', throttled, /ThrottlingException/],
    ['a cut connection', connectionCut, /ECONNRESET|socket hang up/],
    ['no response', noResponse, /abort|no complete response/i],
    ['a login page instead of a response', respondWith(200, '<html>Welcome</html>'), /not a JSON object/],
  ])('after %s', async (_what, step, cause) => {
    for (const { status, text, id } of await repliesDuring(step)) {
      expect(status).toBe(504);
      expect(JSON.parse(text)).toEqual(errorOf('APIGW.0201', 'No response in time.', id));
      const line = await logLineOf(id);
      expect(line).toMatchObject({ level: 'ERROR', status: 504, code: 'APIGW.0201', cause: expect.any(String) });
      expect(JSON.stringify(line)).toMatch(cause);
    }
  });

  test('after lasting contention on a change, while reads work', async () => {
    fake.always('TransactWriteItems', cancelled('None', 'TransactionConflict'));
    const before = await grantCount();
    const { status, id } = await post('revoke-grant', demo.grants[0] ?? {});
    fake.reset();
    expect(status).toBe(504);
    expect(JSON.stringify(await logLineOf(id))).toContain('TransactionConflict');
    expect(await grantCount()).toBe(before);
  });
});

test('a revoke and a create without sequence get 200 and are applied once when DynamoDB responses are lost', async () => {
  const before = await grantCount();
  fake.next('TransactWriteItems', responseLost, connectionCut);
  expect(await post('revoke-grant', demo.grants[1] ?? {})).toMatchObject({ status: 200, text: '{}' });
  expect(await grantCount()).toBe(before - 1);
  const body = {
    grantee_principal: demo.users[1]?.user_id,
    operations: ['describe-key'],
    key_id: demo.keys[0]?.key_id,
  };
  fake.next('TransactWriteItems', connectionCut, responseLost);
  expect((await post('create-grant', body)).status).toBe(200);
  expect(await grantCount()).toBe(before);
});

test('the service works again as soon as the table does, and the table is consistent', async () => {
  expect((await post('revoke-grant', demo.grants[2] ?? {})).status).toBe(200);
  expect(await auditTable(dynamodbEndpoint(), table, REGION)).toEqual([]);
});

test('the output contains no secret key, session token or user token', () => {
  expect(service.output()).toContain('"cause"');
  expect(service.output().includes(SECRET)).toBe(false);
  expect(service.output().includes(SESSION_TOKEN)).toBe(false);
  expect(service.output().includes(token)).toBe(false);
});
