/** The running service when its table cannot be used: what the client hears, and what the log tells the operator. */
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

/** The log line of a request: written before the answer is sent, but by another process. */
async function lineOf(id: string) {
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

/** A read and a change, both with this step in their way. */
async function bothAsked(step: Step) {
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

describe('500 to the client without a reason, and a line that names the cause', () => {
  test.each([
    ['the table is missing', tableMissing, ['ResourceNotFoundException', 'Requested resource not found']],
    ['no permission', accessDenied, ['AccessDeniedException', 'is not authorized to perform: dynamodb:GetItem']],
    ['credentials that nobody knows', unknownCredentials, ['UnrecognizedClientException', 'security token']],
    ['credentials that have expired', expiredCredentials, ['ExpiredTokenException', 'is expired']],
    ['a wrong secret', wrongSecret, ['InvalidSignatureException', 'signature you provided']],
    ['a clock that is behind', clockBehind, ['InvalidSignatureException', 'Signature expired', 'clock']],
    ['a clock that is ahead', clockAhead, ['InvalidSignatureException', 'Signature not yet current', 'clock']],
  ])('%s', async (_what, step, told) => {
    for (const { status, text, id, headers } of await bothAsked(step)) {
      expect(status).toBe(500);
      expect(JSON.parse(text)).toEqual(errorOf('KMS.0101', 'KMS error.', id));
      expect(headers).not.toMatch(/dynamo|amz|aws/i);
      const line = await lineOf(id);
      expect(line).toMatchObject({ level: 'ERROR', status: 500, code: 'KMS.0101', cause: expect.any(String) });
      for (const word of told) expect(line['cause']).toContain(word);
    }
  });
});

describe('504 to the client without a reason, and a line that names the cause', () => {
  test.each([
    ['throttling', throttled, /ThrottlingException/],
    ['a cut connection', connectionCut, /ECONNRESET|socket hang up/],
    ['no answer', noResponse, /abort|no complete response/i],
    ['a login page in place of an answer', respondWith(200, '<html>Welcome</html>'), /not a JSON object/],
  ])('%s', async (_what, step, told) => {
    for (const { status, text, id } of await bothAsked(step)) {
      expect(status).toBe(504);
      expect(JSON.parse(text)).toEqual(errorOf('APIGW.0201', 'Not answered in time.', id));
      const line = await lineOf(id);
      expect(line).toMatchObject({ level: 'ERROR', status: 504, code: 'APIGW.0201', cause: expect.any(String) });
      expect(JSON.stringify(line)).toMatch(told);
    }
  });

  test('a change that is contended to the end, though it could be read', async () => {
    fake.always('TransactWriteItems', cancelled('None', 'TransactionConflict'));
    const before = await grantCount();
    const { status, id } = await post('revoke-grant', demo.grants[0] ?? {});
    fake.reset();
    expect(status).toBe(504);
    expect(JSON.stringify(await lineOf(id))).toContain('TransactionConflict');
    expect(await grantCount()).toBe(before);
  });
});

test('a revoke and a create without sequence whose answer was lost are answered 200, and done once', async () => {
  const before = await grantCount();
  fake.next('TransactWriteItems', responseLost, connectionCut);
  expect(await post('revoke-grant', demo.grants[1] ?? {})).toMatchObject({ status: 200, text: '{}' });
  expect(await grantCount()).toBe(before - 1);
  const ask = { grantee_principal: demo.users[1]?.user_id, operations: ['describe-key'], key_id: demo.keys[0]?.key_id };
  fake.next('TransactWriteItems', connectionCut, responseLost);
  expect((await post('create-grant', ask)).status).toBe(200);
  expect(await grantCount()).toBe(before);
});

test('once the table can be used again, so can the service, and nothing is half-written', async () => {
  expect((await post('revoke-grant', demo.grants[2] ?? {})).status).toBe(200);
  expect(await auditTable(dynamodbEndpoint(), table, REGION)).toEqual([]);
});

test('no secret key and no session token is in the output', () => {
  expect(service.output()).toContain('"cause"');
  expect(service.output().includes(SECRET)).toBe(false);
  expect(service.output().includes(SESSION_TOKEN)).toBe(false);
  expect(service.output().includes(token)).toBe(false);
});
