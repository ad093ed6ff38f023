/** kill -9 of the backend while a change is under way at the cloud: the same change again is answered, and told once. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { createAt, isThere, keyStateAt } from './actual-state.ts';
import { holdAfter, holdBefore } from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import type { Fault } from './proxy.ts';
import { NONE } from './proxy.ts';
import { until } from './until.ts';

let world: World;
let keyId: string;

beforeAll(async () => {
  world = await openWorld();
  keyId = world.demo.keys[0]?.key_id ?? '';
});
afterAll(() => world?.stop());

/** Asks, kills the backend when the call has come as far as the proxy holds it, and starts it again. */
async function askAndKill(user: DemoUser, name: string, body: object, fault: Fault): Promise<void> {
  const { proxy } = world;
  const before = proxy.passages.length;
  proxy.choose = () => fault;
  const unanswered = world.ask(user, name, body).then(
    ({ status }) => `answered ${status}`,
    () => 'no answer',
  );
  await until(() => {
    const passage = proxy.passages[before];
    return passage !== undefined && (fault === holdBefore || passage.cloud !== undefined);
  });
  await world.backend().stop('SIGKILL');
  expect(await unanswered).toBe('no answer');
  proxy.choose = () => NONE;
  await world.startBackend();
}

async function receiptsOf(grantId: string) {
  const events = (await world.receipts()).filter((event) => event.grantId === grantId);
  return events.map(({ action, actor, upstreamRequestId }) => ({ action, actor, upstreamRequestId }));
}

const lastCloudId = () => world.proxy.passages.at(-1)?.cloud?.headers['x-request-id'];

test.each([
  { name: 'revoke-grant', fault: holdAfter, isGone: true },
  { name: 'revoke-grant', fault: holdBefore, isGone: false },
  { name: 'retire-grant', fault: holdAfter, isGone: true },
])('$name, $fault.name: the same again is 200 and leaves one receipt', async ({ name, fault, isGone }) => {
  const { creator } = world;
  const grantId = await createAt(world, keyId, 'killed');
  const body = { key_id: keyId, grant_id: grantId, sequence: '01234567-89ab-cdef-0123-456789abcdef' };
  await askAndKill(creator, name, body, fault);
  expect(await isThere(world, keyId, grantId)).toBe(!isGone);
  expect(await receiptsOf(grantId)).toEqual([]);

  const again = await world.ask(creator, name, body);
  expect([again.status, again.body]).toEqual([200, {}]);
  expect(await isThere(world, keyId, grantId)).toBe(false);
  const receipt = { action: name, actor: creator.user_id, upstreamRequestId: lastCloudId() };
  expect(await receiptsOf(grantId)).toEqual([receipt]);

  const third = await world.ask(creator, name, body);
  expect([third.status, third.body]).toEqual([200, {}]);
  expect(await receiptsOf(grantId)).toEqual([receipt]);
});

test('without a sequence the second is 200, the third is told that the grant is not there', async () => {
  const { creator } = world;
  const grantId = await createAt(world, keyId, 'killed');
  const body = { key_id: keyId, grant_id: grantId };
  await askAndKill(creator, 'revoke-grant', body, holdAfter);
  expect((await world.ask(creator, 'revoke-grant', body)).status).toBe(200);
  const third = await world.ask(creator, 'revoke-grant', body);
  expect([third.status, third.body.error_code]).toEqual([400, 'KMS.2501']);
  expect(await receiptsOf(grantId)).toHaveLength(1);
});

test('what one caller lost is not what another gets: the grant is not there, and no receipt is left', async () => {
  const { creator, grantee } = world;
  const grantId = await createAt(world, keyId, 'killed', true);
  const body = { key_id: keyId, grant_id: grantId };
  await askAndKill(grantee, 'retire-grant', body, holdAfter);
  const others = await world.ask(creator, 'retire-grant', body);
  expect([others.status, others.body.error_code]).toEqual([400, 'KMS.2501']);
  expect(await receiptsOf(grantId)).toEqual([]);
  expect((await world.ask(grantee, 'retire-grant', body)).status).toBe(200);
  expect(await receiptsOf(grantId)).toMatchObject([{ actor: grantee.user_id }]);
});

test('a key that was disabled while the backend died is answered as disabled', async () => {
  const { creator } = world;
  const body = { key_id: keyId };
  await askAndKill(creator, 'disable-key', body, holdAfter);
  expect(await keyStateAt(world, keyId)).toBe('3');
  const again = await world.ask(creator, 'disable-key', body);
  expect([again.status, again.body.key_info]).toEqual([200, { key_id: keyId, key_state: '3' }]);
  expect((await world.receipts()).filter(({ action }) => action === 'disable-key')).toHaveLength(1);
  expect((await world.ask(creator, 'enable-key', body)).status).toBe(200);
});
