/** `npm start` with STORE=dynamodb: the error messages of failing starts, and what a first and a later start do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';
import {
  accessDenied,
  clockAhead,
  clockBehind,
  expiredCredentials,
  type FakeDynamodb,
  noResponse,
  respondWith,
  type Step,
  startFakeDynamodb,
  tableMissing,
  throttled,
  unknownCredentials,
  wrongSecret,
} from '../support/fake-dynamodb.ts';
import { auditTable } from '../support/oracles/dynamodb.ts';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';

let parent: string;
let dataDir: string;
let table: string;
let fake: FakeDynamodb;
let otherServers: Server[];
let running: ServiceProcess[];

beforeEach(async () => {
  parent = newDataDir();
  dataDir = join(parent, 'data');
  table = freshTableName();
  fake = await startFakeDynamodb(dynamodbEndpoint());
  otherServers = [];
  running = [];
});
afterEach(async () => {
  for (const service of running) await service.stop('SIGKILL');
  await fake.stop();
  for (const other of otherServers) other.close();
  rmSync(parent, { recursive: true });
});

/** Starts a server that is not DynamoDB. @returns its URL */
async function startOtherServer(greeting: string): Promise<string> {
  const server = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end(greeting),
  ).listen(0, '127.0.0.1');
  otherServers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Runs a start that must exit with 1 and print nothing on stdout and no stack trace. @returns its error output */
async function failedStart(env: Record<string, string>, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['local/start.ts', ...args], {
    env: { ...CHILD_ENV, PORT: '0', DATA_DIR: dataDir, STORE: 'dynamodb', TABLE: table, ...env },
    timeout: 20_000,
  });
  const [out, err] = [[], []] as Buffer[][];
  child.stdout.on('data', (chunk) => out?.push(chunk));
  child.stderr.on('data', (chunk) => err?.push(chunk));
  const [code] = await once(child, 'close');
  const message = Buffer.concat(err ?? []).toString();
  expect({ code, out: Buffer.concat(out ?? []).toString(), message }).toEqual({ code: 1, out: '', message });
  expect(message).not.toMatch(/^\s+at /m);
  expect(message).not.toMatch(/TypeError|undefined|\[object/);
  return message;
}

describe('invalid settings', () => {
  test('a missing region is named, and nothing is created', async () => {
    expect((await failedStart({})).trimEnd().split('\n')).toEqual([
      'Invalid settings:',
      '  AWS_REGION must be set for STORE=dynamodb without DYNAMODB_ENDPOINT',
    ]);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('each setting with an invalid value is named', async () => {
    const bad = { DYNAMODB_ENDPOINT: 'localhost:8000', TABLE: 'a', AWS_REGION: 'EU', ROOT_KEY_SECRET: 'a b' };
    expect((await failedStart(bad)).trimEnd().split('\n').toSorted()).toEqual([
      '  AWS_REGION must be a region such as eu-central-1',
      '  DYNAMODB_ENDPOINT must be an address such as http://127.0.0.1:8000',
      '  ROOT_KEY_SECRET must be the name or ARN of a secret',
      '  TABLE must be 3 to 255 letters, digits or . _ -',
      'Invalid settings:',
    ]);
    expect(await failedStart({ STORE: 'mongodb' })).toContain('STORE must be sqlite or dynamodb');
  });
});

describe('an endpoint that is not DynamoDB is named in the error, with the setting DYNAMODB_ENDPOINT', () => {
  const HTML = '<html>It works!</html>';
  const http = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

  test.each([
    ['a web server', http('200 OK', HTML)],
    ['a web server with an empty page', http('200 OK', '')],
    ['a web server that answers 404', http('404 Not Found', HTML)],
    ['a web server that replies 405', http('405 Method Not Allowed', '{"message":"no"}')],
    ['a server that does not speak HTTP', '220 mail.example.com ESMTP\r\n'],
  ])('%s', async (_what, greeting) => {
    const endpoint = await startOtherServer(greeting);
    const message = await failedStart({ DYNAMODB_ENDPOINT: endpoint });
    expect(message).toContain(endpoint);
    expect(message).toContain('DYNAMODB_ENDPOINT');
  });

  test('a port where nothing listens', async () => {
    const endpoint = await startOtherServer('');
    for (const other of otherServers) other.close();
    const message = await failedStart({ DYNAMODB_ENDPOINT: endpoint });
    expect(message).toContain(endpoint);
    expect(message).toContain('ECONNREFUSED');
    expect(message).toContain('DYNAMODB_ENDPOINT');
  });

  test('a server that never responds', async () => {
    fake.always('*', noResponse);
    const message = await failedStart({ DYNAMODB_ENDPOINT: fake.endpoint });
    expect(message).toContain(fake.endpoint);
    expect(message).toContain('DYNAMODB_ENDPOINT');
  });
});

describe('a table that cannot be used is named in the error, with the cause and what to correct', () => {
  const tableExists = respondWith(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#ResourceInUseException',
    message: 'Table already exists',
  });
  const faults: [string, Step, string[]][] = [
    ['missing', tableMissing, ['ResourceNotFoundException', 'TABLE', 'AWS_REGION']],
    ['forbidden', accessDenied, ['is not authorized to perform: dynamodb:GetItem', 'policy']],
    ['unknown credentials', unknownCredentials, ['UnrecognizedClientException', 'AWS_ACCESS_KEY_ID']],
    ['expired credentials', expiredCredentials, ['ExpiredTokenException', 'expired']],
    ['a wrong secret', wrongSecret, ['InvalidSignatureException', 'AWS_SECRET_ACCESS_KEY']],
    ['a clock that is behind', clockBehind, ['Signature expired', 'clock']],
    ['a clock that is ahead', clockAhead, ['Signature not yet current', 'clock']],
    ['throttled permanently', throttled, ['ThrottlingException']],
  ];
  test.each(faults)('%s', async (_what, step, words) => {
    fake.always('CreateTable', tableExists);
    fake.always('*', step);
    const settings = {
      DYNAMODB_ENDPOINT: fake.endpoint,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
    const message = await failedStart(settings);
    expect(message).toContain(table);
    for (const word of words) expect(message).toContain(word);
    expect(message).not.toContain(SECRET);
    expect(fake.operations()).not.toContain('PutItem');
    expect(fake.operations()).not.toContain('TransactWriteItems');
  });

  test('a table that may not be created: the error names CreateTable', async () => {
    fake.always('*', accessDenied);
    const message = await failedStart({ DYNAMODB_ENDPOINT: fake.endpoint }, '--no-demo');
    expect(message).toContain('CreateTable: AccessDeniedException');
    expect(fake.operations()).toEqual(['CreateTable']);
  });
});

describe('a successful start', () => {
  /** Stops the service. @returns all of its output */
  async function outputOf(service: ServiceProcess): Promise<string> {
    const closed = once(service.child, 'close');
    expect(await service.stop()).toBe(0);
    await closed;
    return service.output();
  }

  async function start(endpoint: string): Promise<ServiceProcess> {
    const service = await startProcess(dataDir, [], { STORE: 'dynamodb', TABLE: table, DYNAMODB_ENDPOINT: endpoint });
    running.push(service);
    return service;
  }

  test('creates the table and the demo; a later start creates neither again', async () => {
    const first = await start(dynamodbEndpoint());
    const demo = first.demo();
    const [file = ''] = /\S+demo-dynamodb-\w+\.json/.exec(await outputOf(first)) ?? [];
    const second = await start(dynamodbEndpoint());
    expect(second.demo()).toEqual(demo);
    expect(await outputOf(second)).toContain(`Demo credentials are in ${file}.`);
    const login = basename(file, '.json').concat('-login.json');
    const hooks = basename(file, '.json').concat('-hooks.json');
    expect(readdirSync(dataDir).toSorted()).toEqual([hooks, login, basename(file), 'queue.db', 'root.key']);
    expect(await auditTable(dynamodbEndpoint(), table)).toEqual([]);
  });

  test('leaves the credentials of the demos of other stores in the same folder as they are', async () => {
    const sqlite = await startProcess(dataDir);
    running.push(sqlite);
    const demo = sqlite.demo();
    await outputOf(sqlite);
    const first = await start(dynamodbEndpoint());
    const ofFirstTable = first.demo();
    await outputOf(first);
    table = freshTableName();
    await outputOf(await start(dynamodbEndpoint()));
    const files = readdirSync(dataDir).filter((file) => /^demo(-dynamodb-\w+)?\.json$/.test(file));
    const demos = files.map((file) => JSON.parse(readFileSync(join(dataDir, file), 'utf8')));
    expect(demos).toHaveLength(3);
    expect(demos).toEqual(expect.arrayContaining([demo, ofFirstTable]));
  });

  test('retries throttled calls until they succeed', async () => {
    fake.next('GetItem', throttled);
    fake.next('Query', throttled);
    fake.next('TransactWriteItems', throttled, throttled);
    const service = await start(fake.endpoint);
    expect(service.demo().grants).toHaveLength(5);
    await outputOf(service);
    expect(await auditTable(dynamodbEndpoint(), table)).toEqual([]);
  });
});
