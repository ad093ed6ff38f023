import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import type { SignableRequest } from '../../lib/signing/signed-request.ts';
import { authorizationOf, sdkDateOf } from '../signing/independent.ts';
import { expectCode, openWorld, START_MS, type World } from './fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NO_CREDENTIALS =
  'Incorrect IAM authentication information. Send X-Auth-Token, or sign the request with SDK-HMAC-SHA256.';
const BAD_TOKEN = 'Incorrect IAM authentication information. The token is not valid.';
const EXPIRED = 'Incorrect IAM authentication information. The token has expired; get a new one.';
const BAD_SIGNATURE =
  'Incorrect IAM authentication information. The AK/SK signature is not valid: check the keys, the clock and that nothing changed the request.';

let world: World;
let user: NewUser & NewAccessKey;
beforeAll(async () => {
  world = await openWorld();
  user = await world.addUser('ann');
});
beforeEach(() => {
  world.clock.nowMs = START_MS;
});
afterAll(() => world.close());

const requestOf = (headers: Record<string, string>): SignableRequest => ({
  method: 'POST',
  path: '/v1.0/p/kms/list-grants',
  query: '',
  headers,
  body: Buffer.from('{}'),
});
const identify = (headers: Record<string, string>, projectId: string | undefined = world.home.project.projectId) =>
  world.authenticator.authenticate(requestOf(headers), projectId);

function signed({ access_key: accessKey, secret_key: secretKey }: NewAccessKey): Record<string, string> {
  const headers = { 'x-sdk-date': sdkDateOf(world.clock.nowMs) };
  const authorization = authorizationOf({ uri: '/v1.0/p/kms/list-grants/', headers, body: '{}', accessKey, secretKey });
  return { ...headers, authorization };
}

test('a token tells user, domain, project and roles', async () => {
  expect(await identify({ 'x-auth-token': await world.tokenOf(user) })).toEqual({
    userId: user.user_id,
    domainId: world.home.domain.domainId,
    projectId: world.home.project.projectId,
    roles: ['KMS CMKFullAccess'],
  });
});

test('a token is good for its own project, whatever the URL says', async () => {
  const headers = { 'x-auth-token': await world.tokenOf(user) };
  const caller = await identify(headers, world.elsewhere.project.projectId);
  expect(caller.projectId).toBe(world.home.project.projectId);
});

test('a token for no project has no roles', async () => {
  const { token } = await world.tokens.issue({ user: { id: user.user_id }, password: user.password });
  expect(await identify({ 'x-auth-token': token })).toEqual({
    userId: user.user_id,
    domainId: world.home.domain.domainId,
    projectId: undefined,
    roles: [],
  });
});

test('a signature tells user, domain, project, roles and itself', async () => {
  const headers = signed(user);
  expect(await identify(headers)).toEqual({
    userId: user.user_id,
    domainId: world.home.domain.domainId,
    projectId: world.home.project.projectId,
    roles: ['KMS CMKFullAccess'],
    signature: headers['authorization']?.slice(-64),
  });
});

test.each<[string, () => string | undefined]>([
  ['a project where its user has no role', () => world.elsewhere.project.projectId],
  ['a project that does not exist', () => '0'.repeat(32)],
  ['no project', () => undefined],
])('a signature over a URL with %s is good for none', async (_, projectOf) => {
  const caller = await world.authenticator.authenticate(requestOf(signed(user)), projectOf());
  expect(caller).toMatchObject({ userId: user.user_id, projectId: undefined, roles: [] });
});

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['an empty token', { 'x-auth-token': '' }],
  ['Basic', { authorization: 'Basic dXNlcjpwYXNzd29yZA==' }],
  ['a token as Bearer', { authorization: 'Bearer abc' }],
  ['an empty Authorization', { authorization: '' }],
])('%s is no credentials', async (_, headers) => {
  await expectCode(identify(headers), 'APIGW.0301', NO_CREDENTIALS);
});

test('a token and a signature together are refused', async () => {
  const headers = { ...signed(user), 'x-auth-token': await world.tokenOf(user) };
  await expectCode(
    identify(headers),
    'APIGW.0301',
    'Incorrect IAM authentication information. Send either X-Auth-Token or Authorization, not both.',
  );
});

test.each(['x', 'A'.repeat(43), '\u0000', "' OR 1=1 --"])(
  'a token that was never issued is refused: %j',
  async (token) => {
    await expectCode(identify({ 'x-auth-token': token }), 'APIGW.0301', BAD_TOKEN);
  },
);

test('the hash under which a token is stored is not a token', async () => {
  const token = await world.tokenOf(user);
  const hash = createHash('sha256').update(token).digest('hex');
  await expectCode(identify({ 'x-auth-token': hash }), 'APIGW.0301', BAD_TOKEN);
});

test('a token is good for 24 hours less a millisecond, then expired', async () => {
  const headers = { 'x-auth-token': await world.tokenOf(user) };
  world.clock.nowMs = START_MS + DAY_MS - 1;
  expect(await identify(headers)).toMatchObject({ userId: user.user_id });
  world.clock.nowMs = START_MS + DAY_MS;
  await expectCode(identify(headers), 'APIGW.0301', EXPIRED);
});

test('a token that has run out is told of as expired for a day more, then as any other that is none', async () => {
  const headers = { 'x-auth-token': await world.tokenOf(user) };
  world.clock.nowMs = START_MS + 2 * DAY_MS - 1;
  await world.tokenOf(user);
  await expectCode(identify(headers), 'APIGW.0301', EXPIRED);
  world.clock.nowMs = START_MS + 2 * DAY_MS;
  await world.tokenOf(user);
  await expectCode(identify(headers), 'APIGW.0301', BAD_TOKEN);
});

test('the tokens of a disabled user stop at once, for good', async () => {
  const leaver = await world.addUser('leaver');
  const headers = { 'x-auth-token': await world.tokenOf(leaver) };
  expect(await identify(headers)).toMatchObject({ userId: leaver.user_id });
  await world.accounts.setUserEnabled(leaver.user_id, false);
  await expectCode(identify(headers), 'APIGW.0301', BAD_TOKEN);
  await world.accounts.setUserEnabled(leaver.user_id, true);
  await expectCode(identify(headers), 'APIGW.0301', BAD_TOKEN);
});

test('a role given or taken away shows at once, in tokens and signatures made before', async () => {
  const mover = await world.addUser('mover', 'KMS CMKReadOnlyAccess');
  const { projectId } = world.home.project;
  const token = { 'x-auth-token': await world.tokenOf(mover) };
  const signature = signed(mover);
  await world.accounts.addRole(mover.user_id, projectId, 'KMS Administrator');
  for (const headers of [token, signature]) {
    const { roles } = await identify(headers);
    expect([...roles].sort()).toEqual(['KMS Administrator', 'KMS CMKReadOnlyAccess']);
  }
  await world.accounts.removeRole(mover.user_id, projectId, 'KMS Administrator');
  for (const headers of [token, signature]) expect((await identify(headers)).roles).toEqual(['KMS CMKReadOnlyAccess']);
  await world.accounts.removeRole(mover.user_id, projectId, 'KMS CMKReadOnlyAccess');
  expect(await identify(token)).toMatchObject({ projectId, roles: [] });
  expect(await identify(signature)).toMatchObject({ projectId: undefined, roles: [] });
});

test('a wrong secret, an unknown access key, a disabled key, a disabled user and a bad header are refused alike', async () => {
  const off = await world.addUser('key-off');
  await world.accounts.setAccessKeyEnabled(off.access_key, false);
  const gone = await world.addUser('user-off');
  await world.accounts.setUserEnabled(gone.user_id, false);
  for (const headers of [
    signed({ ...user, secret_key: 'wrong' }),
    signed({ ...user, access_key: 'AAAAAAAAAAAAAAAAAAAA' }),
    signed({ access_key: 'AAAAAAAAAAAAAAAAAAAA', secret_key: 'unknown' }),
    signed(off),
    signed(gone),
    { authorization: 'SDK-HMAC-SHA256 nonsense' },
    { authorization: `SDK-HMAC-SHA256 Access=A, SignedHeaders=constructor;x-sdk-date, Signature=${'0'.repeat(64)}` },
  ]) {
    await expectCode(identify(headers), 'APIGW.0301', BAD_SIGNATURE);
  }
});

test('no secret is in the data folder as it is: no secret key, token or password', async () => {
  const token = await world.tokenOf(user);
  const files = readdirSync(world.dataDir).map((file) => readFileSync(join(world.dataDir, file)));
  const holds = (text: string) => files.some((file) => file.includes(text));
  expect(holds(user.access_key)).toBe(true);
  expect([user.secret_key, token, user.password].map(holds)).toEqual([false, false, false]);
});
