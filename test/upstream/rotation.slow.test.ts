/** Rotation of the backend's AK/SK: new credentials are used without a restart. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { type AccessKey, disableAccessKey, newAccessKey, service } from './service.ts';
import { createGrantAtUpstream, grantExists } from './upstream-state.ts';

const CONCURRENT_CALLS = 20;
/** The file is read again within this time after a refusal. */
const SOON_MS = 3_000;

const { options, write } = service();
let fixture: UpstreamFixture;
let keyId: string;
let current: AccessKey;

beforeAll(async () => {
  fixture = await openUpstreamFixture(options);
  keyId = fixture.demo.keys[0]?.key_id ?? '';
  current = fixture.creator;
});
afterAll(() => fixture?.stop());

async function revoke(): Promise<string> {
  const grantId = await createGrantAtUpstream(fixture, keyId, 'rotated');
  const answer = await fixture.callBackend(fixture.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  const exists = await grantExists(fixture, keyId, grantId);
  return `${answer.status} ${answer.body.error_code ?? ''} ${exists ? 'exists' : 'removed'}`;
}

const revokeMany = () => Promise.all(Array.from({ length: CONCURRENT_CALLS }, revoke));
const allOf = (result: string) => Array.from({ length: CONCURRENT_CALLS }, () => result);

const usedKeys = () =>
  new Set(fixture.proxy.proxiedCalls.map(({ headers }) => /Access=(\w+)/.exec(headers.authorization ?? '')?.[1]));

/** Creates a new access key at the upstream and disables the current one. */
async function rotate(): Promise<AccessKey> {
  const next = await newAccessKey(fixture, fixture.creator);
  await disableAccessKey(fixture, current);
  current = next;
  return next;
}

test('an access key that is rotated between concurrent calls: all calls succeed, and the old key is no longer used', async () => {
  expect(await revokeMany()).toEqual(allOf('200  removed'));
  expect(usedKeys()).toEqual(new Set([current.access_key]));
  const { pid } = fixture.backend().child;
  const next = await newAccessKey(fixture, fixture.creator);
  write(next);
  await disableAccessKey(fixture, current);
  current = next;
  expect(await revokeMany()).toEqual(allOf('200  removed'));
  fixture.proxy.proxiedCalls.length = 0;
  expect(await revokeMany()).toEqual(allOf('200  removed'));
  expect(usedKeys()).toEqual(new Set([next.access_key]));
  expect([fixture.backend().child.pid, fixture.backend().child.exitCode]).toEqual([pid, null]);
});

test('while the file has only a disabled access key, calls get 401 and change nothing; once it has a new one, they succeed', async () => {
  const next = await rotate();
  expect(await revokeMany()).toEqual(allOf('401 APIGW.0301 exists'));
  write(next);
  const startMs = performance.now();
  while ((await revoke()) !== '200  removed') expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  expect(await revokeMany()).toEqual(allOf('200  removed'));
});

test.each(['', '{"access_key": "', '[]', '{"access_key": "A"}'])(
  'while the file contains %j, the last valid access key stays in use',
  async (text) => {
    write(text);
    expect(await revoke()).toBe('200  removed');
  },
);

test('while the access key is disabled and the file is malformed, calls get 401 and the log has nothing of the file', async () => {
  const next = await rotate();
  write('{"access_key": "SECRETLOOKING');
  expect(await revoke()).toBe('401 APIGW.0301 exists');
  write(next);
  const startMs = performance.now();
  while ((await revoke()) !== '200  removed') expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  expect(fixture.log()).not.toContain('SECRETLOOKING');
});

test("the actor is the user of the AK/SK in the upstream's event and the caller in the backend's event", async () => {
  const { administrator, creator } = fixture;
  const grantId = await createGrantAtUpstream(fixture, keyId, 'rotated');
  const answer = await fixture.callBackend(administrator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  expect(answer.status).toBe(200);
  const atUpstream = (await fixture.upstreamEvents()).at(-1);
  const event = (await fixture.backendEvents()).at(-1);
  expect([atUpstream?.actor, event?.actor]).toEqual([creator.user_id, administrator.user_id]);
  expect(event?.upstreamRequestId).toBe(atUpstream?.requestId);
});

test('the log contains no secret key', () => {
  for (const { secret_key } of [fixture.creator, current]) expect(fixture.log()).not.toContain(secret_key);
});
