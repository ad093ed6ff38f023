/**
 * The log of a running service: one line for each request, and no secret in any line.
 * Also tests: lib/logger.ts.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '../../lib/signing/sdk-hmac.ts';
import type { Demo, DemoUser } from '../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

const WRONG_PASSWORD = 'Wr0ng-Passw0rd-Of-The-Test';
const GARBAGE_TOKEN = 'garbage-token-of-the-test-0123456789';
/** A password that was typed into the field for the name. */
const TYPED_NAME = 'Passw0rd-Typed-As-A-Name';
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

interface LoggedReply {
  requestId: string | null;
  status: number;
  code: string | undefined;
}

let dataDir: string;
let service: ServiceProcess;
let demo: Demo;
let creator: DemoUser;
let reader: DemoUser;
let token: string;
let output: string;
const replies: Record<string, LoggedReply> = {};
const secrets: string[] = [WRONG_PASSWORD, GARBAGE_TOKEN, TYPED_NAME];

async function send(name: string, path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(service.url + path, { method: 'POST', ...init });
  const body = (await response.json()) as { error_code?: string };
  replies[name] = {
    requestId: response.headers.get('x-request-id'),
    status: response.status,
    code: body.error_code,
  };
  return response;
}

const kms = (name: string) => `/v1.0/${demo.project_id}/kms/${name}`;
const withToken = (value: string) => ({ 'X-Auth-Token': value });

async function login(name: string, user: DemoUser, password: string): Promise<string> {
  const identity = { methods: ['password'], password: { user: { id: user.user_id, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { id: demo.project_id } } } });
  return (await send(name, '/v3/auth/tokens', { body })).headers.get('x-subject-token') ?? '';
}

function signed(user: DemoUser, path: string, text: string): RequestInit {
  const date = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const headers = { 'x-sdk-date': date };
  const request = { method: 'POST', path, query: '', headers, body: new TextEncoder().encode(text) };
  const authorization = sign(
    request,
    { accessKey: user.access_key, secretKey: user.secret_key },
    Object.keys(headers).sort(),
  );
  secrets.push(authorization.replace(/.*Signature=/, ''));
  return { headers: { ...headers, authorization }, body: text };
}

beforeAll(async () => {
  dataDir = newDataDir();
  await (await startProcess(dataDir)).stop();
  service = await startProcess(dataDir);
  demo = service.demo();
  [creator, , reader] = demo.users as [DemoUser, DemoUser, DemoUser];
  for (const { password, secret_key } of demo.users) secrets.push(password, secret_key);

  const [grant, signedGrant, remaining] = demo.grants.map((ids) => JSON.stringify(ids)) as [string, string, string];
  const key = JSON.stringify({ key_id: demo.keys[0]?.key_id });
  token = await login('login', creator, creator.password);
  const readerToken = await login('login of the reader', reader, reader.password);
  secrets.push(token, readerToken);
  await login('wrong password', creator, WRONG_PASSWORD);
  await login('unknown user', { ...creator, user_id: TYPED_NAME }, WRONG_PASSWORD);
  await send('list', kms('list-grants'), { headers: withToken(token), body: key });
  await send('revoke', kms('revoke-grant'), {
    headers: withToken(token),
    body: JSON.stringify({ ...demo.grants[0], sequence: SEQUENCE }),
  });
  await send('signed revoke', kms('revoke-grant'), signed(creator, kms('revoke-grant'), signedGrant));
  const forged = { ...creator, secret_key: `${creator.secret_key}x` };
  await send('wrong signature', kms('revoke-grant'), signed(forged, kms('revoke-grant'), remaining));
  await send('garbage token', kms('list-grants'), { headers: withToken(GARBAGE_TOKEN), body: key });
  await send('no credentials', kms('list-grants'), { body: key });
  await send('no permission', kms('revoke-grant'), { headers: withToken(readerToken), body: remaining });
  await send('second revoke', kms('revoke-grant'), { headers: withToken(token), body: grant });
  await send('not JSON', kms('list-grants'), { headers: withToken(token), body: `{${token}` });
  await send('token as a key id', kms('list-grants'), {
    headers: withToken(token),
    body: JSON.stringify({ key_id: token }),
  });
  await send('unknown path', `/${token}`, { headers: withToken(token) });
  await send('wrong method', kms('list-grants'), { method: 'GET', headers: withToken(token) });
  await send('unknown method', '/nowhere?token=x', { method: 'PUT', headers: withToken(token) });
  await send('body too large', kms('list-grants'), { headers: withToken(token), body: ' '.repeat(100 * 1024) });
  await send('body far too large', kms('list-grants'), {
    headers: withToken(token),
    body: ' '.repeat(2 * 1024 * 1024 + 1),
  });
  const db = new DatabaseSync(join(dataDir, 'kms-grants.db'));
  db.exec('ALTER TABLE grants RENAME TO renamed_grants');
  await send('broken store', kms('revoke-grant'), { headers: withToken(token), body: remaining });
  db.exec('ALTER TABLE renamed_grants RENAME TO grants');
  db.close();

  const closed = once(service.child, 'close');
  await service.stop();
  await closed;
  output = service.output();
});
afterAll(async () => {
  await service?.stop('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

/** The log lines with the request id of a reply. */
function linesOf(name: string) {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line)).filter((line) => line.request_id === replies[name]?.requestId);
}

test.each([
  ['login', 201, undefined],
  ['wrong password', 401, undefined],
  ['unknown user', 401, undefined],
  ['list', 200, undefined],
  ['revoke', 200, undefined],
  ['signed revoke', 200, undefined],
  ['wrong signature', 401, 'APIGW.0301'],
  ['garbage token', 401, 'APIGW.0301'],
  ['no credentials', 401, 'APIGW.0301'],
  ['no permission', 403, 'KMS.0307'],
  ['second revoke', 400, 'KMS.2501'],
  ['not JSON', 400, 'KMS.0202'],
  ['token as a key id', 400, 'KMS.0205'],
  ['unknown path', 404, 'APIGW.0101'],
  ['wrong method', 405, 'KMS.0215'],
  ['unknown method', 404, 'APIGW.0101'],
  ['body too large', 400, 'KMS.0203'],
  ['body far too large', 413, 'APIGW.0201'],
  ['broken store', 500, 'KMS.0101'],
])(
  'the request "%s" gets %i %s, and one log line with its request id, status, duration and code',
  (name, status, code) => {
    expect(replies[name]).toMatchObject({ status, code });
    const lines = linesOf(name);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status, ms: expect.any(Number), action: expect.any(String) });
    if (code !== undefined) expect(lines[0].code).toBe(code);
  },
);

test('a log line of a request that no API served has its method and path, without query and secrets', () => {
  const unserved = ['unknown path', 'wrong method', 'unknown method', 'body far too large'];
  expect(unserved.map((name) => linesOf(name)[0])).toMatchObject([
    { method: 'POST', path: `/${token.slice(0, 8)}...` },
    { method: 'GET', path: kms('list-grants') },
    { method: 'PUT', path: '/nowhere' },
    { method: 'POST', path: kms('list-grants') },
  ]);
  for (const name of ['login', 'list', 'revoke', 'not JSON']) expect(linesOf(name)[0]).not.toHaveProperty('path');
});

test('a log line names the API, and the caller if the request was authenticated', () => {
  expect(linesOf('list')[0]).toMatchObject({ action: 'list-grants', caller: creator.user_id });
  expect(linesOf('signed revoke')[0]).toMatchObject({ action: 'revoke-grant', caller: creator.user_id });
  expect(linesOf('no permission')[0]).toMatchObject({ action: 'revoke-grant', caller: reader.user_id });
  expect(linesOf('second revoke')[0]).toMatchObject({ action: 'revoke-grant', caller: creator.user_id });
  for (const name of ['login', 'wrong signature', 'garbage token', 'no credentials']) {
    expect(linesOf(name)[0].caller).toBeUndefined();
  }
});

test('the log line of a login has the id of the user, or a keyed hash of an unknown one', () => {
  for (const name of ['login', 'wrong password']) expect(linesOf(name)[0].user).toBe(creator.user_id);
  expect(linesOf('unknown user')[0].user).toMatch(/^unknown:[0-9a-f]{32}$/);
  expect(linesOf('list')[0]).not.toHaveProperty('user');
});

test('the log line of a successful request has no code', () => {
  for (const name of ['login', 'list', 'revoke', 'signed revoke']) expect(linesOf(name)[0]).not.toHaveProperty('code');
});

test('the log line of an internal error has the cause', () => {
  expect(linesOf('broken store')[0].cause).toContain('grants');
});

test('there is one log line for each request, with a unique request id', () => {
  const ids = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).request_id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(Object.keys(replies).length);
});

test('the output contains no token, password, secret key or signature', () => {
  expect(secrets).toHaveLength(3 + 8 + 2 + 2);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(16);
    expect(output.includes(secret)).toBe(false);
  }
});
