/** A lost response followed by a refused attempt: the answer agrees with the state at the upstream. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { outcomesOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';
import { service } from './service.ts';
import { createGrantAtUpstream, keyStateAtUpstream } from './upstream-state.ts';

let fixture: UpstreamFixture;
let keyId: string;

beforeAll(async () => {
  fixture = await openUpstreamFixture();
  keyId = fixture.demo.keys[1]?.key_id ?? '';
});
afterAll(() => fixture?.stop());

/** Applies the fault to the first call only. */
function failFirstCall({ proxy }: UpstreamFixture, fault: Fault): void {
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
])('a revoke that was applied without a response and then gets $name is 502, not that error', async (refusal) => {
  const outcomes = await outcomesOf(fixture, (n) => (n === 1 ? faults.lostResponse : refusal));
  expect(outcomes['revoke-grant'].result).toBe('502 APIGW.0201 removed');
});

test.each([
  { state: '2', move: 'cancel-key-deletion', refusal: 'KMS.1501' },
  { state: '3', move: 'cancel-key-deletion', refusal: undefined },
  { state: '3', move: 'disable-key', refusal: undefined },
  { state: '4', move: 'enable-key', refusal: 'KMS.1201' },
  { state: '4', move: 'disable-key', refusal: 'KMS.1301' },
  { state: '4', move: 'schedule-key-deletion', refusal: undefined },
] as const)(
  'a key in state $state, $move after a lost attempt: 200 only if the key is in the requested state',
  async (row) => {
    const { state, move, refusal } = row;
    const { callBackend, callUpstream, creator } = fixture;
    for (const name of ['cancel-key-deletion', 'enable-key']) await callUpstream(creator, name, { key_id: keyId });
    if (state !== '2') {
      const name = state === '3' ? 'disable-key' : 'schedule-key-deletion';
      await callUpstream(creator, name, { key_id: keyId, pending_days: '7' });
    }
    expect(await keyStateAtUpstream(fixture, keyId)).toBe(state);
    const before = await fixture.backendEvents();

    failFirstCall(fixture, faults.resetBefore);
    const { status, body } = await callBackend(creator, move, { key_id: keyId, pending_days: '7' });
    expect([status, body.error_code]).toEqual(refusal ? [400, refusal] : [200, undefined]);
    expect(await keyStateAtUpstream(fixture, keyId)).toBe(state);
    if (refusal) expect(await fixture.backendEvents()).toEqual(before);
  },
);

test.each(['revoke-grant', 'retire-grant'])(
  "%s with the backend's own AK/SK whose responses were lost: a repeat gets 200, and the event has the upstream's request id",
  async (name) => {
    const own = await openUpstreamFixture(service({ KMS_TIMEOUT_SECONDS: '1' }).options);
    try {
      const ownKey = own.demo.keys[0]?.key_id ?? '';
      const body = { key_id: ownKey, grant_id: await createGrantAtUpstream(own, ownKey, 'lost', true) };
      own.proxy.choose = ({ action }) => (action === name ? faults.lostResponse : NONE);
      expect((await own.callBackend(own.creator, name, body)).status).toBe(502);
      own.proxy.choose = () => NONE;
      expect((await own.callBackend(own.creator, name, body)).status).toBe(200);
      const upstreamId = own.proxy.proxiedCalls.at(-1)?.upstream?.headers['x-request-id'];
      const backendEvents = (await own.backendEvents()).filter((event) => event.grantId === body.grant_id);
      expect(backendEvents.map(({ action, upstreamRequestId }) => ({ action, upstreamRequestId }))).toEqual([
        { action: name, upstreamRequestId: upstreamId },
      ]);
    } finally {
      await own.stop();
    }
  },
);
