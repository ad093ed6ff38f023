/**
 * Credentials of a container role. Source of the endpoint's form: AWS SDKs and Tools Reference Guide, "Container
 * credential provider"; Amazon ECS Developer Guide, "Amazon ECS task IAM role".
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AwsSettings, awsCall } from '../../lib/clients/aws.ts';
import { parseConfig } from '../../lib/config.ts';
import { usesTemporaryKey, withProviderChain } from '../../local/aws-credentials.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';
import { parseAuthorization, signatureOf } from '../support/aws/sigv4.ts';
import { CHILD_ENV, newDataDir } from '../support/process.ts';
import { until } from '../upstream/until.ts';

const HOUR_MS = 3_600_000;
const ON_AWS = { STORE: 'dynamodb', AWS_REGION: 'eu-central-1' };
/** Variables that would select other credentials than those of the container. */
const OTHER_SOURCES = [
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

let container: FakeServer;
let aws: FakeServer;
let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  container = await startFakeServer();
  aws = await startFakeServer();
  home = newDataDir();
  env = { ...process.env };
  for (const name of OTHER_SOURCES) delete process.env[name];
  process.env['HOME'] = home;
  process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${container.endpoint}/credentials`;
});
afterEach(async () => {
  await Promise.all([container.stop(), aws.stop()]);
  process.env = env;
  rmSync(home, { recursive: true });
});

/** Makes the container's endpoint return the next credentials. */
function giveCredentials(number: number, expiresInMs: number): void {
  const credentials = {
    RoleArn: 'arn:aws:iam::111122223333:role/kms-grants',
    AccessKeyId: `ASIA${number}`,
    SecretAccessKey: `secret${number}`,
    Token: `token${number}`,
    Expiration: new Date(Date.now() + expiresInMs).toISOString(),
  };
  container.respondWith(json(200, credentials));
}

const call = (settings: AwsSettings | undefined) =>
  awsCall(settings as AwsSettings, {
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    jsonVersion: '1.0',
    endpoint: aws.endpoint,
  });

/** The access keys and the session tokens that signed the requests; each signature is checked. */
const signers = () =>
  aws.requests.map((request) => {
    const authorization = parseAuthorization(String(request.headers['authorization']));
    const secret = authorization.accessKeyId.replace('ASIA', 'secret');
    expect(authorization.signature).toBe(signatureOf(request, authorization, secret));
    return [authorization.accessKeyId, request.headers['x-amz-security-token']];
  });

test('without an access key in the environment, requests are signed with the credentials of the role', async () => {
  giveCredentials(1, HOUR_MS);
  const { dynamodb } = withProviderChain(parseConfig(ON_AWS));
  const send = call(dynamodb?.aws);
  await send('GetItem', {}, 5_000);
  await send('GetItem', {}, 5_000);
  expect(signers()).toEqual([
    ['ASIA1', 'token1'],
    ['ASIA1', 'token1'],
  ]);
  expect(container.requests).toHaveLength(1);
});

test('when credentials expire while the process runs, the next request is signed with new ones', async () => {
  giveCredentials(1, 300);
  const { dynamodb } = withProviderChain(parseConfig(ON_AWS));
  const send = call(dynamodb?.aws);
  await send('GetItem', {}, 5_000);
  const expiredAtMs = Date.now() + 400;
  giveCredentials(2, HOUR_MS);
  await until(() => Date.now() > expiredAtMs);
  await send('GetItem', {}, 5_000);
  expect(signers()).toEqual([
    ['ASIA1', 'token1'],
    ['ASIA2', 'token2'],
  ]);
});

test('DynamoDB, SQS, and the secrets of every setting share one set of credentials', async () => {
  giveCredentials(1, HOUR_MS);
  const { dynamodb, sqs, hooks, targets, upstream } = withProviderChain(
    parseConfig({
      ...ON_AWS,
      QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/kms-grants',
      HOOKS: 'aws:hooks',
      TARGETS: 'aws:targets',
      AUTHORITY: 'upstream',
      KMS_ENDPOINT: 'https://kms.example.com',
      KMS_CREDENTIALS: 'aws:kms',
    }),
  );
  const all = [dynamodb, sqs, hooks, targets, upstream?.credentials];
  for (const settings of all) {
    if (typeof settings !== 'object' || !('aws' in settings)) throw new Error('no AWS settings');
    await call(settings.aws)('GetItem', {}, 5_000);
  }
  expect(signers()).toEqual(Array(5).fill(['ASIA1', 'token1']));
  expect(container.requests).toHaveLength(1);
});

test('an access key in the environment is used instead, and a local DynamoDB needs no credentials', async () => {
  const key = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
  for (const settings of [
    { ...ON_AWS, ...key },
    { STORE: 'dynamodb', DYNAMODB_ENDPOINT: aws.endpoint },
  ]) {
    await call(withProviderChain(parseConfig(settings)).dynamodb?.aws)('GetItem', {}, 5_000);
  }
  const keys = aws.requests.map(({ headers }) => parseAuthorization(String(headers['authorization'])).accessKeyId);
  expect(keys).toEqual(['AKID', 'local']);
  expect(container.requests).toEqual([]);
});

test('when the role has no credentials, the error says what to set', async () => {
  container.respondWith(json(500, { code: 'InternalServerError', message: 'no role' }));
  const { dynamodb } = withProviderChain(parseConfig(ON_AWS));
  await expect(call(dynamodb?.aws)('GetItem', {}, 5_000)).rejects.toThrow('Set AWS_ACCESS_KEY_ID and');
});

test('temporary credentials in the environment are recognised: nothing can renew them', () => {
  const key = { AWS_ACCESS_KEY_ID: 'ASIA', AWS_SECRET_ACCESS_KEY: 'secret' };
  const temporary = { ...key, AWS_SESSION_TOKEN: 'token' };
  expect(usesTemporaryKey(parseConfig({ ...ON_AWS, ...key }))).toBe(false);
  expect(usesTemporaryKey(parseConfig({ ...ON_AWS, ...temporary }))).toBe(true);
  expect(usesTemporaryKey(parseConfig({ ...ON_AWS, HOOKS: 'aws:hooks', STORE: 'sqlite', ...temporary }))).toBe(true);
  expect(usesTemporaryKey(parseConfig(temporary))).toBe(false);
});

test('npm start on a machine with a role asks for its credentials', async () => {
  container.respondWith(json(403, { code: 'AccessDenied', message: 'no such role' }));
  const child = spawn(process.execPath, ['local/start.ts'], {
    env: {
      ...CHILD_ENV,
      ...ON_AWS,
      HOME: home,
      PORT: '0',
      DATA_DIR: home,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.endpoint}/credentials`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  expect(container.requests[0]).toMatchObject({ method: 'GET', path: '/credentials' });
  expect([code, output]).toEqual([1, expect.stringContaining('No AWS credentials.')]);
});
