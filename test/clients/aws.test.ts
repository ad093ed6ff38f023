/** The requests that lib/clients/aws.ts sends to an AWS service. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AwsService, type AwsSettings, awsCall } from '../../lib/clients/aws.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';
import { parseAuthorization, signatureOf } from '../support/aws/sigv4.ts';

/** The credentials of AWS's signature test suite. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const AWS: AwsSettings = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
const DYNAMODB: AwsService = { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0' };
const SESSION_TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';
const LONG_MS = 5_000;

let server: FakeServer;

beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.stop());

const callOf = (aws: Partial<AwsSettings> = {}, service: Partial<AwsService> = {}) =>
  awsCall({ ...AWS, ...aws }, { ...DYNAMODB, endpoint: server.endpoint, ...service });

describe("the test's own signer matches the vectors of AWS's Signature Version 4 test suite", () => {
  const host = 'example.amazonaws.com';
  const base = { host, 'x-amz-date': '20150830T123600Z' };
  const form = { ...base, 'content-type': 'application/x-www-form-urlencoded' };
  test.each([
    ['get-vanilla', 'GET', base, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', 'POST', base, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-x-www-form-urlencoded',
      'POST',
      form,
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
    [
      'post-sts-header-before',
      'POST',
      { ...base, 'x-amz-security-token': SESSION_TOKEN },
      '',
      '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
    ],
  ])('%s', (_name, method, headers, body, expected) => {
    const scope = ['20150830', 'us-east-1', 'service', 'aws4_request'];
    const authorization = { accessKeyId: '', scope, signedHeaders: Object.keys(headers).toSorted(), signature: '' };
    expect(signatureOf({ method, path: '/', headers, body }, authorization, SECRET)).toBe(expected);
  });
});

test.each([
  ['a permanent key', {}, DYNAMODB],
  ['a session', { sessionToken: SESSION_TOKEN }, DYNAMODB],
  ['another region', { region: 'us-east-1' }, DYNAMODB],
  ['Secrets Manager', {}, { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' as const }],
])('with %s, the signature is correct and covers every header that matters', async (_name, aws, service) => {
  const before = Date.now();
  await callOf(aws, service)('GetItem', { Key: { pk: { S: 'ä "quoted"\n' } } }, LONG_MS);
  const [request] = server.requests;
  const authorization = parseAuthorization(String(request?.headers['authorization']));
  const sentAt = String(request?.headers['x-amz-date']);
  expect(authorization.accessKeyId).toBe('AKIDEXAMPLE');
  expect(authorization.scope).toEqual([
    sentAt.slice(0, 8),
    'region' in aws ? aws.region : 'eu-central-1',
    service.name,
    'aws4_request',
  ]);
  expect(authorization.signedHeaders).toEqual(
    expect.arrayContaining(['content-type', 'host', 'x-amz-date', 'x-amz-target']),
  );
  expect(authorization.signedHeaders.includes('x-amz-security-token')).toBe('sessionToken' in aws);
  if (request) expect(authorization.signature).toBe(signatureOf(request, authorization, SECRET));
  const sentAtMs = Date.parse(sentAt.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  expect(Math.abs(sentAtMs - before)).toBeLessThan(5_000);
});

test('a request is a POST to / with operation, JSON version, host and input', async () => {
  await callOf()('TransactWriteItems', { ClientRequestToken: 'a', TransactItems: [] }, LONG_MS);
  expect(server.requests).toMatchObject([
    {
      method: 'POST',
      path: '/',
      headers: {
        host: server.endpoint.replace('http://', ''),
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.TransactWriteItems',
      },
      body: '{"ClientRequestToken":"a","TransactItems":[]}',
    },
  ]);
});

test('a session token is sent unchanged, and only where there is one', async () => {
  await callOf({ sessionToken: SESSION_TOKEN })('GetItem', {}, LONG_MS);
  for (const sessionToken of [undefined, '']) await callOf({ sessionToken })('GetItem', {}, LONG_MS);
  expect(server.requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual([
    SESSION_TOKEN,
    undefined,
    undefined,
  ]);
});

test('a function that returns credentials is called for each request', async () => {
  const keys = ['ASIAFIRST', 'ASIASECOND'];
  const call = callOf({
    credentials: async () => ({
      accessKeyId: keys.shift() ?? '',
      secretAccessKey: SECRET,
      sessionToken: SESSION_TOKEN,
    }),
  });
  await call('GetItem', {}, LONG_MS);
  await call('GetItem', {}, LONG_MS);
  const authorizations = server.requests.map(({ headers }) => parseAuthorization(String(headers['authorization'])));
  expect(authorizations.map(({ accessKeyId }) => accessKeyId)).toEqual(['ASIAFIRST', 'ASIASECOND']);
  expect(server.requests[0]?.headers['x-amz-security-token']).toBe(SESSION_TOKEN);
});

test('without any credentials a call fails and sends nothing', async () => {
  const call = callOf({ accessKeyId: undefined, secretAccessKey: undefined });
  await expect(call('GetItem', {}, LONG_MS)).rejects.toThrow('AWS_ACCESS_KEY_ID');
  expect(server.requests).toEqual([]);
});

test('sequential calls share a connection, and concurrent calls do not wait for each other', async () => {
  const call = callOf();
  for (let n = 0; n < 5; n += 1) await call('GetItem', {}, LONG_MS);
  expect(server.connections).toHaveLength(1);

  const waiting: (() => void)[] = [];
  server.respondWith((response) => {
    waiting.push(() => response.end('{}'));
    if (waiting.length === 3) for (const respond of waiting) respond();
  });
  await Promise.all([1, 2, 3].map(() => call('GetItem', {}, LONG_MS)));
  expect(server.connections).toHaveLength(3);
});

test('after an error response the connection is reused', async () => {
  const call = callOf();
  server.respondWith(json(400, { __type: 'ThrottlingException' }));
  for (let n = 0; n < 3; n += 1) await call('GetItem', {}, LONG_MS).catch(() => undefined);
  expect(server.connections).toHaveLength(1);
});

test('a connection that the service has closed is replaced', async () => {
  const call = callOf();
  await call('GetItem', {}, LONG_MS);
  const [first] = server.connections;
  const closed = first && once(first, 'close');
  first?.end();
  await closed;
  expect(await call('GetItem', {}, LONG_MS)).toEqual({});
  expect(server.connections).toHaveLength(2);
});

test('a response that arrives in small chunks is parsed correctly', async () => {
  const text = JSON.stringify({ Item: { pk: { S: 'ä€😀' }, n: { N: '1' } } });
  server.respondWith((response) => {
    const bytes = Buffer.from(text);
    response.flushHeaders();
    for (let at = 0; at < bytes.length; at += 3) response.write(bytes.subarray(at, at + 3));
    response.end();
  });
  expect(await callOf()('GetItem', {}, LONG_MS)).toEqual({ Item: { pk: { S: 'ä€😀' }, n: { N: '1' } } });
});

test("without an endpoint, a call goes to AWS's own endpoint of the service in the region, by TLS", async () => {
  const addresses: string[] = [];
  const created = (message: unknown) => {
    const { request } = message as { request: { protocol: string; host: string } };
    addresses.push(`${request.protocol}//${request.host}`);
  };
  const { lookup } = dns;
  // DNS that knows no name, so that the test sends nothing off this machine.
  dns.lookup = ((_name: string, _options: object, done: (error: Error) => void) =>
    setImmediate(done, new Error('no such name'))) as unknown as typeof lookup;
  subscribe('http.client.request.created', created);
  try {
    const call = awsCall(AWS, DYNAMODB);
    await expect(call('GetItem', {}, LONG_MS)).rejects.toThrow('no such name');
  } finally {
    unsubscribe('http.client.request.created', created);
    dns.lookup = lookup;
  }
  expect(addresses).toEqual(['https://dynamodb.eu-central-1.amazonaws.com']);
});
