/**
 * Root keys read by lib/clients/secrets.ts from Secrets Manager. Source of its responses: Secrets Manager API,
 * GetSecretValue.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../../lib/clients/aws-errors.ts';
import { readSecret } from '../../lib/clients/secrets.ts';
import { cachedRootKeys, type RootKeys } from '../../lib/identity/root-keys.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:kms-grants-a1b2c3';
const AWS = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' };
/** base64url of the bytes 0 to 31, and of 32 bytes of 255: `head -c 32 | base64`, with `-` and `_`. */
const NEWER = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const OLDER = '__________________________________________8';
const NEWER_BYTES = Array.from({ length: 32 }, (_, byte) => byte);
const OLDER_BYTES = Array.from({ length: 32 }, () => 255);

let server: FakeServer;
let rootKeys: RootKeys;

beforeEach(async () => {
  server = await startFakeServer();
  const { endpoint } = server;
  rootKeys = cachedRootKeys(() => readSecret({ kind: 'aws', secretId: ARN, aws: AWS, endpoint }));
});
afterEach(() => server.stop());

const secretResponse = (SecretString?: string) =>
  json(200, {
    ARN,
    CreatedDate: 1_795_327_200.123,
    Name: 'kms-grants',
    SecretString,
    VersionId: 'a1b2c3d4-5678-90ab-cdef-EXAMPLE11111',
    VersionStages: ['AWSCURRENT'],
  });

const rootKeyBytes = async () => (await rootKeys()).map((key) => [...key]);

test('the secret is requested by its ARN', async () => {
  server.respondWith(secretResponse(NEWER));
  await rootKeys();
  expect(server.requests).toMatchObject([
    {
      headers: { 'x-amz-target': 'secretsmanager.GetSecretValue', 'content-type': 'application/x-amz-json-1.1' },
      body: `{"SecretId":"${ARN}"}`,
    },
  ]);
});

test.each([
  ['one key', NEWER, [NEWER_BYTES]],
  ['one key and a line break', `${NEWER}\n`, [NEWER_BYTES]],
  ['one key with padding', `${NEWER}=`, [NEWER_BYTES]],
  ['one key in base64 instead of base64url', OLDER.replaceAll('_', '/'), [OLDER_BYTES]],
  ['two keys, the newer first', `${NEWER} ${OLDER}`, [NEWER_BYTES, OLDER_BYTES]],
  ['two keys on separate lines', `\r\n${OLDER}\r\n${NEWER}\r\n`, [OLDER_BYTES, NEWER_BYTES]],
])('a secret with %s gives those root keys', async (_what, text, expected) => {
  server.respondWith(secretResponse(text));
  expect(await rootKeyBytes()).toEqual(expected);
});

test('of a longer key the first 32 bytes are used, so that an older, longer secret still works', async () => {
  server.respondWith(secretResponse(`${NEWER.slice(0, 42)}8${'A'.repeat(21)}`));
  const [key] = await rootKeyBytes();
  expect(key).toHaveLength(32);
  expect(key?.slice(0, 31)).toEqual(NEWER_BYTES.slice(0, 31));
});

describe('a secret without valid root keys is refused, and the error contains none of it', () => {
  test.each([
    ['an empty text', ''],
    ['only white space', ' \n '],
    ['a key that is too short', NEWER.slice(0, 42)],
    ['a second key that is too short', `${NEWER} ${OLDER.slice(0, 20)}`],
    ['JSON, which the AWS console suggests', `{"rootKey":"${NEWER}"}`],
    ['characters outside base64url', `${NEWER.slice(0, 42)}*`],
    ['two keys with an invalid separator', `${NEWER}*${NEWER}`],
  ])('%s', async (_what, text) => {
    server.respondWith(secretResponse(text));
    const error = (await rootKeys().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toContain('43 or more base64url characters');
    expect(error.message).not.toContain(NEWER.slice(0, 10));
  });

  test('a binary secret', async () => {
    server.respondWith(json(200, { ARN, Name: 'kms-grants', SecretBinary: 'AAEC' }));
    await expect(rootKeys()).rejects.toThrow('43 or more base64url characters');
  });
});

describe('an error is thrown and not cached: the next use reads the secret again', () => {
  test.each([
    ['ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
    [
      'AccessDeniedException',
      `User: arn:aws:sts::111122223333:x is not authorized to perform: secretsmanager:GetSecretValue`,
    ],
    ['DecryptionFailure', "Secrets Manager can't decrypt the protected secret text using the provided KMS key."],
    ['InvalidRequestException', 'You can’t perform this operation on the secret because it was marked for deletion.'],
  ])('%s', async (__type, Message) => {
    server.respondWith(json(400, { __type, Message }));
    const error = await rootKeys().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ type: __type });
    expect(String(error)).toContain(`GetSecretValue: ${__type} (400): ${Message}`);
    server.respondWith(secretResponse(NEWER));
    expect(await rootKeyBytes()).toEqual([NEWER_BYTES]);
  });

  test('an invalid secret that is corrected later', async () => {
    server.respondWith(secretResponse('short'));
    await expect(rootKeys()).rejects.toThrow();
    server.respondWith(secretResponse(NEWER));
    expect(await rootKeyBytes()).toEqual([NEWER_BYTES]);
  });

  test('no response, which is APIGW.0201:504 in time', async () => {
    server.respondWith(() => undefined);
    const startedAtMs = performance.now();
    await expect(rootKeys()).rejects.toMatchObject({ code: 'APIGW.0201:504' });
    expect(performance.now() - startedAtMs).toBeLessThan(3_500);
    server.respondWith(secretResponse(NEWER));
    expect(await rootKeyBytes()).toEqual([NEWER_BYTES]);
  });

  test('a transient error, which is retried', async () => {
    const faults = [json(500, { __type: 'InternalServiceError', Message: 'An error occurred on the server side.' })];
    server.respondWith((response) => (faults.pop() ?? secretResponse(NEWER))(response));
    expect(await rootKeyBytes()).toEqual([NEWER_BYTES]);
  });
});

test('concurrent uses share one read, and later uses need none', async () => {
  server.respondWith(secretResponse(NEWER));
  const all = await Promise.all(Array.from({ length: 20 }, rootKeyBytes));
  for (const bytes of all) expect(bytes).toEqual([NEWER_BYTES]);
  expect(await rootKeyBytes()).toEqual([NEWER_BYTES]);
  expect(server.requests).toHaveLength(1);
});

test('concurrent uses share one failed read, and the next use reads again', async () => {
  server.respondWith(json(400, { __type: 'AccessDeniedException', Message: 'no' }));
  const all = await Promise.allSettled(Array.from({ length: 20 }, rootKeyBytes));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(server.requests).toHaveLength(1);
  await expect(rootKeyBytes()).rejects.toThrow('AccessDeniedException');
  expect(server.requests).toHaveLength(2);
});
