/** A try whose answer was lost, and another that is refused: what is answered is what is so. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAt, keyStateAt } from './actual-state.ts';
import * as faults from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import { outcomesOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';
import { service } from './service.ts';

let world: World;
let keyId: string;

beforeAll(async () => {
  world = await openWorld();
  keyId = world.demo.keys[1]?.key_id ?? '';
});
afterAll(() => world?.stop());

/** The first call meets this, the others nothing. */
function firstMeets({ proxy }: World, fault: Fault): void {
  let calls = 0;
  proxy.choose = () => {
    calls += 1;
    return calls === 1 ? fault : NONE;
  };
}

test.each([
  faults.flatError(403, 'APIGW.0302', 'Not authorized.'),
  faults.flatError(401, 'APIGW.0307', 'The token must be updated.'),
  faults.keystoneError(401, 'Unauthorized', 'The request requires authentication.'),
  faults.nestedError(403, 'KMS.0303', 'X-Auth-Token expired.'),
])('a revoke that was done, and then $name: it is not told as refused', async (refusal) => {
  const outcomes = await outcomesOf(world, (n) => (n === 1 ? faults.lostAnswer : refusal));
  expect(outcomes['revoke-grant'].said).toBe('502 APIGW.0201 gone');
});

test.each([
  { state: '2', move: 'cancel-key-deletion', refusal: 'KMS.1501' },
  { state: '3', move: 'cancel-key-deletion', refusal: undefined },
  { state: '3', move: 'disable-key', refusal: undefined },
  { state: '4', move: 'enable-key', refusal: 'KMS.1201' },
  { state: '4', move: 'disable-key', refusal: 'KMS.1301' },
  { state: '4', move: 'schedule-key-deletion', refusal: undefined },
] as const)('a key in state $state, $move after a lost try: 200 only when it is as asked for', async (row) => {
  const { state, move, refusal } = row;
  const { ask, askCloud, creator } = world;
  for (const name of ['cancel-key-deletion', 'enable-key']) await askCloud(creator, name, { key_id: keyId });
  if (state !== '2') {
    const name = state === '3' ? 'disable-key' : 'schedule-key-deletion';
    await askCloud(creator, name, { key_id: keyId, pending_days: '7' });
  }
  expect(await keyStateAt(world, keyId)).toBe(state);
  const before = await world.receipts();

  firstMeets(world, faults.resetBefore);
  const { status, body } = await ask(creator, move, { key_id: keyId, pending_days: '7' });
  expect([status, body.error_code]).toEqual(refusal ? [400, refusal] : [200, undefined]);
  expect(await keyStateAt(world, keyId)).toBe(state);
  if (refusal) expect(await world.receipts()).toEqual(before);
});

test.each(['revoke-grant', 'retire-grant'])(
  '%s with credentials of our own, lost and found out to be done: a receipt of the cloud',
  async (name) => {
    const own = await openWorld(service({ KMS_TIMEOUT_SECONDS: '1' }).options);
    try {
      const ownKey = own.demo.keys[0]?.key_id ?? '';
      const body = { key_id: ownKey, grant_id: await createAt(own, ownKey, 'lost', true) };
      own.proxy.choose = ({ action }) => (action === name ? faults.lostAnswer : NONE);
      expect((await own.ask(own.creator, name, body)).status).toBe(502);
      own.proxy.choose = () => NONE;
      expect((await own.ask(own.creator, name, body)).status).toBe(200);
      const cloudId = own.proxy.passages.at(-1)?.cloud?.headers['x-request-id'];
      const receipts = (await own.receipts()).filter((event) => event.grantId === body.grant_id);
      expect(receipts.map(({ action, upstreamRequestId }) => ({ action, upstreamRequestId }))).toEqual([
        { action: name, upstreamRequestId: cloudId },
      ]);
    } finally {
      await own.stop();
    }
  },
);
