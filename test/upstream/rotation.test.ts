/** Credentials that change while the backend runs: it goes on with the new ones, without a restart. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAt, isThere } from './actual-state.ts';
import { openWorld, type World } from './fixture.ts';
import { type AccessKey, disableAccessKey, newAccessKey, service } from './service.ts';

const AT_ONCE = 20;
/** After a refusal the file may be read again at most this much later. */
const SOON_MS = 3_000;

const { options, write } = service();
let world: World;
let keyId: string;
let current: AccessKey;

beforeAll(async () => {
  world = await openWorld(options);
  keyId = world.demo.keys[0]?.key_id ?? '';
  current = world.creator;
});
afterAll(() => world?.stop());

async function revoke(): Promise<string> {
  const grantId = await createAt(world, keyId, 'rotated');
  const answer = await world.ask(world.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  const isLeft = await isThere(world, keyId, grantId);
  return `${answer.status} ${answer.body.error_code ?? ''} ${isLeft ? 'there' : 'gone'}`;
}

const revokeMany = () => Promise.all(Array.from({ length: AT_ONCE }, revoke));
const allOf = (said: string) => Array.from({ length: AT_ONCE }, () => said);

const usedKeys = () =>
  new Set(world.proxy.passages.map(({ headers }) => /Access=(\w+)/.exec(headers.authorization ?? '')?.[1]));

/** Another access key at the cloud, and the one before refused from now on. */
async function rotate(): Promise<AccessKey> {
  const next = await newAccessKey(world, world.creator);
  await disableAccessKey(world, current);
  current = next;
  return next;
}

test('a key that is rotated while calls go on: all of them are answered, the old key is no longer used', async () => {
  expect(await revokeMany()).toEqual(allOf('200  gone'));
  expect(usedKeys()).toEqual(new Set([current.access_key]));
  const { pid } = world.backend().child;
  const next = await newAccessKey(world, world.creator);
  write(next);
  await disableAccessKey(world, current);
  current = next;
  expect(await revokeMany()).toEqual(allOf('200  gone'));
  world.proxy.passages.length = 0;
  expect(await revokeMany()).toEqual(allOf('200  gone'));
  expect(usedKeys()).toEqual(new Set([next.access_key]));
  expect([world.backend().child.pid, world.backend().child.exitCode]).toEqual([pid, null]);
});

test('a key that is refused while the file holds no other: 401 to all, nothing done; and all is well once it does', async () => {
  const next = await rotate();
  expect(await revokeMany()).toEqual(allOf('401 APIGW.0301 there'));
  write(next);
  const startMs = performance.now();
  while ((await revoke()) !== '200  gone') expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  expect(await revokeMany()).toEqual(allOf('200  gone'));
});

test.each(['', '{"access_key": "', '[]', '{"access_key": "A"}'])(
  'a file that holds %j: what was good stays good',
  async (text) => {
    write(text);
    expect(await revoke()).toBe('200  gone');
  },
);

test('a file that is broken when the key is refused: 401, and what the file holds is not told', async () => {
  const next = await rotate();
  write('{"access_key": "SECRETLOOKING');
  expect(await revoke()).toBe('401 APIGW.0301 there');
  write(next);
  const startMs = performance.now();
  while ((await revoke()) !== '200  gone') expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  expect(world.log()).not.toContain('SECRETLOOKING');
});

test('the calls are signed for the user of the backend, and the receipts name the caller', async () => {
  const { administrator, creator } = world;
  const grantId = await createAt(world, keyId, 'rotated');
  const answer = await world.ask(administrator, 'revoke-grant', { key_id: keyId, grant_id: grantId });
  expect(answer.status).toBe(200);
  const atCloud = (await world.cloudEvents()).at(-1);
  const here = (await world.receipts()).at(-1);
  expect([atCloud?.actor, here?.actor]).toEqual([creator.user_id, administrator.user_id]);
  expect(here?.upstreamRequestId).toBe(atCloud?.requestId);
});

test('no secret key that was in use is in the log', () => {
  for (const { secret_key } of [world.creator, current]) expect(world.log()).not.toContain(secret_key);
});
