import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import { directoryAuthenticator } from '../../lib/identity/directory.ts';
import type { SignableRequest } from '../../lib/signing/signed-request.ts';
import { authorizationOf, sdkDateOf } from '../signing/independent.ts';
import { type DirectoryFixture, expectKmsError, openDirectoryFixture, START_MS } from './fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NO_CREDENTIALS =
  'Incorrect IAM authentication information. Send X-Auth-Token, or sign the request with SDK-HMAC-SHA256.';
const BAD_TOKEN = 'Incorrect IAM authentication information. The token is not valid.';
const EXPIRED = 'Incorrect IAM authentication information. The token has expired; get a new one.';
const BAD_SIGNATURE =
  'Incorrect IAM authentication information. The AK/SK signature is not valid: check the keys, the clock and that nothing changed the request.';

let fixture: DirectoryFixture;
let user: NewUser & NewAccessKey;
beforeAll(async () => {
  fixture = await openDirectoryFixture();
  user = await fixture.addUser('ann');
});
beforeEach(() => {
  fixture.clock.nowMs = START_MS;
});
afterAll(() => fixture.close());

const requestOf = (headers: Record<string, string>): SignableRequest => ({
  method: 'POST',
  path: '/v1.0/p/kms/list-grants',
  query: '',
  headers,
  body: Buffer.from('{}'),
});
const authenticate = (
  headers: Record<string, string>,
  projectId: string | undefined = fixture.home.project.projectId,
) => fixture.authenticator.authenticate(requestOf(headers), projectId);

function signed({ access_key: accessKey, secret_key: secretKey }: NewAccessKey): Record<string, string> {
  const headers = { 'x-sdk-date': sdkDateOf(fixture.clock.nowMs) };
  const authorization = authorizationOf({ uri: '/v1.0/p/kms/list-grants/', headers, body: '{}', accessKey, secretKey });
  return { ...headers, authorization };
}

test('a token identifies user, domain, project and roles', async () => {
  expect(await authenticate({ 'x-auth-token': await fixture.issueToken(user) })).toEqual({
    userId: user.user_id,
    domainId: fixture.home.domain.domainId,
    projectId: fixture.home.project.projectId,
    roles: ['KMS CMKFullAccess'],
  });
});

test('the project of the caller is that of the token, whatever the URL says', async () => {
  const headers = { 'x-auth-token': await fixture.issueToken(user) };
  const caller = await authenticate(headers, fixture.foreign.project.projectId);
  expect(caller.projectId).toBe(fixture.home.project.projectId);
});

test('a token without a project has no roles', async () => {
  const { token } = await fixture.tokens.issue({ user: { id: user.user_id }, password: user.password });
  expect(await authenticate({ 'x-auth-token': token })).toEqual({
    userId: user.user_id,
    domainId: fixture.home.domain.domainId,
    projectId: undefined,
    roles: [],
  });
});

test('an AK/SK signature identifies user, domain, project and roles, and is returned with them', async () => {
  const headers = signed(user);
  expect(await authenticate(headers)).toEqual({
    userId: user.user_id,
    domainId: fixture.home.domain.domainId,
    projectId: fixture.home.project.projectId,
    roles: ['KMS CMKFullAccess'],
    signature: headers['authorization']?.slice(-64),
  });
});

test.each<[string, () => string | undefined]>([
  ['a project in which the user has no role', () => fixture.foreign.project.projectId],
  ['a project that does not exist', () => '0'.repeat(32)],
  ['no project', () => undefined],
])('a signature for a URL with %s identifies the user without project and roles', async (_, projectOf) => {
  const caller = await fixture.authenticator.authenticate(requestOf(signed(user)), projectOf());
  expect(caller).toMatchObject({ userId: user.user_id, projectId: undefined, roles: [] });
});

test.each<[string, Record<string, string>]>([
  ['no credentials', {}],
  ['an empty token', { 'x-auth-token': '' }],
  ['an empty Authorization', { authorization: '' }],
])('a request with %s is refused, and the error names the two accepted forms', async (_, headers) => {
  await expectKmsError(authenticate(headers), 'APIGW.0301', NO_CREDENTIALS);
});

const SIGNED = `SignedHeaders=x-sdk-date, Signature=${'0'.repeat(64)}`;

test.each<[string, string]>([
  ['Basic dXNlcjpwYXNzd29yZA==', 'Basic'],
  ['bearer abc', 'Bearer'],
  [`V11-HMAC-SHA256 Credential=A/20181122/eu-de/kms, ${SIGNED}`, 'V11-HMAC-SHA256'],
  [`SDK-HMAC-SM3 Access=A, ${SIGNED}`, 'SDK-HMAC-SM3'],
  [`AWS4-HMAC-SHA256 Credential=A/20181122/eu-de/kms/aws4_request, ${SIGNED}`, 'AWS4-HMAC-SHA256'],
  ['SDK-HMAC-SHA256 nonsense', 'This form of SDK-HMAC-SHA256'],
  [`SDK-HMAC-SHA256 Credential=A/20181122/eu-de/kms, ${SIGNED}`, 'This form of SDK-HMAC-SHA256'],
  [`SDK-HMAC-SHA256X Access=A, ${SIGNED}`, 'This form of the Authorization header'],
  ['hunter2', 'This form of the Authorization header'],
])(
  'an unknown algorithm or form is refused with a text that names it and the accepted ones: %s',
  async (authorization, name) => {
    await expectKmsError(
      authenticate({ authorization }),
      'APIGW.0301',
      `Incorrect IAM authentication information. ${name} is not supported. Send X-Auth-Token, or sign the request as "SDK-HMAC-SHA256 Access=<AK>, SignedHeaders=<names>, Signature=<hex>" or "SDK-HMAC-SHA256 Credential=<AK>/<day>/<region>/<service>/sdk_request, SignedHeaders=<names>, Signature=<hex>".`,
    );
  },
);

test.each([
  { region: '', service: '' },
  { region: 'eu-de', service: 'kms' },
])('a signature in the derived-key form identifies the caller: %j', async (derived) => {
  const headers = { 'x-sdk-date': sdkDateOf(fixture.clock.nowMs) };
  const { access_key: accessKey, secret_key: secretKey } = user;
  const parts = { uri: '/v1.0/p/kms/list-grants/', headers, body: '{}', accessKey, derived };
  const authorization = authorizationOf({ ...parts, secretKey });
  expect(await authenticate({ ...headers, authorization })).toEqual({
    userId: user.user_id,
    domainId: fixture.home.domain.domainId,
    projectId: fixture.home.project.projectId,
    roles: ['KMS CMKFullAccess'],
    signature: authorization.slice(-64),
  });
  const forged = authorizationOf({ ...parts, secretKey: `${secretKey}x` });
  await expectKmsError(authenticate({ ...headers, authorization: forged }), 'APIGW.0301', BAD_SIGNATURE);
});

test('a token and a signature together are refused', async () => {
  const headers = { ...signed(user), 'x-auth-token': await fixture.issueToken(user) };
  await expectKmsError(
    authenticate(headers),
    'APIGW.0301',
    'Incorrect IAM authentication information. Send either X-Auth-Token or Authorization, not both.',
  );
});

test.each(['x', 'A'.repeat(43), '\u0000', "' OR 1=1 --"])('an unknown token is refused: %j', async (token) => {
  await expectKmsError(authenticate({ 'x-auth-token': token }), 'APIGW.0301', BAD_TOKEN);
});

test('the stored hash of a token is not accepted as a token', async () => {
  const token = await fixture.issueToken(user);
  const hash = createHash('sha256').update(token).digest('hex');
  await expectKmsError(authenticate({ 'x-auth-token': hash }), 'APIGW.0301', BAD_TOKEN);
});

test('a token is accepted for 24 hours and then refused as expired', async () => {
  const headers = { 'x-auth-token': await fixture.issueToken(user) };
  fixture.clock.nowMs = START_MS + DAY_MS - 1;
  expect(await authenticate(headers)).toMatchObject({ userId: user.user_id });
  fixture.clock.nowMs = START_MS + DAY_MS;
  await expectKmsError(authenticate(headers), 'APIGW.0301', EXPIRED);
});

test('for a day, an expired token is refused as expired; after that, as unknown', async () => {
  const headers = { 'x-auth-token': await fixture.issueToken(user) };
  fixture.clock.nowMs = START_MS + 2 * DAY_MS - 1;
  await fixture.issueToken(user);
  await expectKmsError(authenticate(headers), 'APIGW.0301', EXPIRED);
  fixture.clock.nowMs = START_MS + 2 * DAY_MS;
  await fixture.issueToken(user);
  await expectKmsError(authenticate(headers), 'APIGW.0301', BAD_TOKEN);
});

test('tokens of a disabled user are refused immediately, also after the user is enabled again', async () => {
  const leaver = await fixture.addUser('leaver');
  const headers = { 'x-auth-token': await fixture.issueToken(leaver) };
  expect(await authenticate(headers)).toMatchObject({ userId: leaver.user_id });
  await fixture.accounts.setUserEnabled(leaver.user_id, false);
  await expectKmsError(authenticate(headers), 'APIGW.0301', BAD_TOKEN);
  await fixture.accounts.setUserEnabled(leaver.user_id, true);
  await expectKmsError(authenticate(headers), 'APIGW.0301', BAD_TOKEN);
});

test('an added or removed role takes effect immediately, for existing tokens and signatures too', async () => {
  const mover = await fixture.addUser('mover', 'KMS CMKReadOnlyAccess');
  const { projectId } = fixture.home.project;
  const token = { 'x-auth-token': await fixture.issueToken(mover) };
  const signature = signed(mover);
  await fixture.accounts.addRole(mover.user_id, projectId, 'KMS Administrator');
  for (const headers of [token, signature]) {
    const { roles } = await authenticate(headers);
    expect([...roles].sort()).toEqual(['KMS Administrator', 'KMS CMKReadOnlyAccess']);
  }
  await fixture.accounts.removeRole(mover.user_id, projectId, 'KMS Administrator');
  for (const headers of [token, signature])
    expect((await authenticate(headers)).roles).toEqual(['KMS CMKReadOnlyAccess']);
  await fixture.accounts.removeRole(mover.user_id, projectId, 'KMS CMKReadOnlyAccess');
  expect(await authenticate(token)).toMatchObject({ projectId, roles: [] });
  expect(await authenticate(signature)).toMatchObject({ projectId: undefined, roles: [] });
});

test('a wrong secret key, an unknown, disabled or deleted access key, and a disabled or deleted user get the same error', async () => {
  const disabledKey = await fixture.addUser('key-off');
  await fixture.accounts.setAccessKeyEnabled(disabledKey.access_key, false);
  const disabledUser = await fixture.addUser('user-off');
  await fixture.accounts.setUserEnabled(disabledUser.user_id, false);
  const deletedKey = await fixture.addUser('key-gone');
  await fixture.accounts.deleteAccessKey(deletedKey.access_key);
  const deletedUser = await fixture.addUser('user-gone');
  await fixture.accounts.deleteUser(deletedUser.user_id);
  for (const headers of [
    signed(deletedKey),
    signed(deletedUser),
    signed({ ...user, secret_key: 'wrong' }),
    signed({ ...user, access_key: 'AAAAAAAAAAAAAAAAAAAA' }),
    signed({ access_key: 'AAAAAAAAAAAAAAAAAAAA', secret_key: 'unknown' }),
    signed(disabledKey),
    signed(disabledUser),
    { authorization: `SDK-HMAC-SHA256 Access=A, SignedHeaders=constructor;x-sdk-date, Signature=${'0'.repeat(64)}` },
  ]) {
    await expectKmsError(authenticate(headers), 'APIGW.0301', BAD_SIGNATURE);
  }
});

test('an unknown access key takes the same steps as a known one: it reads a user and opens a sealed secret', async () => {
  let steps: string[] = [];
  const { directory } = fixture.store;
  const recorded = {
    ...directory,
    accessKey(accessKey: string) {
      steps.push('access key');
      return directory.accessKey(accessKey);
    },
    user(userId: string) {
      steps.push('user');
      return directory.user(userId);
    },
  };
  const rootKey = readFileSync(join(fixture.dataDir, 'root.key'));
  // The iteration of the root keys shows an attempt to open a sealed secret.
  const rootKeys = {
    0: rootKey,
    *[Symbol.iterator]() {
      steps.push('unseal');
      yield rootKey;
    },
  } as unknown as readonly Uint8Array[];
  const authenticator = directoryAuthenticator(recorded, {
    rootKeys: async () => rootKeys,
    now: () => fixture.clock.nowMs,
  });
  const stepsOf = async (key: NewAccessKey) => {
    steps = [];
    await authenticator.authenticate(requestOf(signed(key)), undefined).catch(() => {});
    return steps;
  };
  const known = await stepsOf({ ...user, secret_key: 'wrong' });
  expect(known).toEqual(['access key', 'user', 'unseal']);
  expect(await stepsOf({ ...user, access_key: 'A'.repeat(20) })).toEqual(known);
  expect(await stepsOf({ access_key: 'A'.repeat(20), secret_key: 'unknown' })).toEqual(known);
});

test('the data folder contains no secret key, token or password in plain text', async () => {
  const token = await fixture.issueToken(user);
  const files = readdirSync(fixture.dataDir).map((file) => readFileSync(join(fixture.dataDir, file)));
  const isStored = (text: string) => files.some((file) => file.includes(text));
  expect(isStored(user.access_key)).toBe(true);
  expect([user.secret_key, token, user.password].map(isStored)).toEqual([false, false, false]);
});
