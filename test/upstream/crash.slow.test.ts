/** kill -9 of the backend during a call of the upstream: a repeat of the change succeeds and writes one event. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { holdAfter, holdBefore } from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import type { Fault } from './proxy.ts';
import { NONE } from './proxy.ts';
import { until } from './until.ts';
import { createGrantAtUpstream, grantExists, keyStateAtUpstream } from './upstream-state.ts';

let fixture: UpstreamFixture;
let keyId: string;

beforeAll(async () => {
  fixture = await openUpstreamFixture();
  keyId = fixture.demo.keys[0]?.key_id ?? '';
});
afterAll(() => fixture?.stop());

/** Sends a change, kills the backend while the proxy holds the call of the upstream, and restarts the backend. */
async function callAndKill(user: DemoUser, name: string, body: object, fault: Fault): Promise<void> {
  const { proxy } = fixture;
  const before = proxy.proxiedCalls.length;
  proxy.choose = () => fault;
  const unanswered = fixture.callBackend(user, name, body).then(
    ({ status }) => `answered ${status}`,
    () => 'no response',
  );
  await until(() => {
    const proxiedCall = proxy.proxiedCalls[before];
    return proxiedCall !== undefined && (fault === holdBefore || proxiedCall.upstream !== undefined);
  });
  await fixture.backend().stop('SIGKILL');
  expect(await unanswered).toBe('no response');
  proxy.choose = () => NONE;
  await fixture.startBackend();
}

async function eventsOf(grantId: string) {
  const events = (await fixture.backendEvents()).filter((event) => event.grantId === grantId);
  return events.map(({ action, actor, upstreamRequestId }) => ({ action, actor, upstreamRequestId }));
}

const lastUpstreamId = () => fixture.proxy.proxiedCalls.at(-1)?.upstream?.headers['x-request-id'];

test.each([
  { name: 'revoke-grant', fault: holdAfter, isRevoked: true },
  { name: 'revoke-grant', fault: holdBefore, isRevoked: false },
  { name: 'retire-grant', fault: holdAfter, isRevoked: true },
])(
  '$name with the backend killed while the call is $fault.name: a repeat gets 200 and writes one event',
  async ({ name, fault, isRevoked }) => {
    const { creator } = fixture;
    const grantId = await createGrantAtUpstream(fixture, keyId, 'killed');
    const body = { key_id: keyId, grant_id: grantId, sequence: '01234567-89ab-cdef-0123-456789abcdef' };
    await callAndKill(creator, name, body, fault);
    expect(await grantExists(fixture, keyId, grantId)).toBe(!isRevoked);
    expect(await eventsOf(grantId)).toEqual([]);

    const again = await fixture.callBackend(creator, name, body);
    expect([again.status, again.body]).toEqual([200, {}]);
    expect(await grantExists(fixture, keyId, grantId)).toBe(false);
    const event = { action: name, actor: creator.user_id, upstreamRequestId: lastUpstreamId() };
    expect(await eventsOf(grantId)).toEqual([event]);

    const third = await fixture.callBackend(creator, name, body);
    expect([third.status, third.body]).toEqual([200, {}]);
    expect(await eventsOf(grantId)).toEqual([event]);
  },
);

test('without a sequence, the first repeat of a killed revoke gets 200 and the second one KMS.2501', async () => {
  const { creator } = fixture;
  const grantId = await createGrantAtUpstream(fixture, keyId, 'killed');
  const body = { key_id: keyId, grant_id: grantId };
  await callAndKill(creator, 'revoke-grant', body, holdAfter);
  expect((await fixture.callBackend(creator, 'revoke-grant', body)).status).toBe(200);
  const third = await fixture.callBackend(creator, 'revoke-grant', body);
  expect([third.status, third.body.error_code]).toEqual([400, 'KMS.2501']);
  expect(await eventsOf(grantId)).toHaveLength(1);
});

test('after a killed retire, another caller gets KMS.2501 and no event, and the first caller gets 200 and the event', async () => {
  const { creator, grantee } = fixture;
  const grantId = await createGrantAtUpstream(fixture, keyId, 'killed', true);
  const body = { key_id: keyId, grant_id: grantId };
  await callAndKill(grantee, 'retire-grant', body, holdAfter);
  const reply = await fixture.callBackend(creator, 'retire-grant', body);
  expect([reply.status, reply.body.error_code]).toEqual([400, 'KMS.2501']);
  expect(await eventsOf(grantId)).toEqual([]);
  expect((await fixture.callBackend(grantee, 'retire-grant', body)).status).toBe(200);
  expect(await eventsOf(grantId)).toMatchObject([{ actor: grantee.user_id }]);
});

test('a repeat of a killed disable-key that the upstream has applied gets 200 and writes one event', async () => {
  const { creator } = fixture;
  const body = { key_id: keyId };
  await callAndKill(creator, 'disable-key', body, holdAfter);
  expect(await keyStateAtUpstream(fixture, keyId)).toBe('3');
  const again = await fixture.callBackend(creator, 'disable-key', body);
  expect([again.status, again.body.key_info]).toEqual([200, { key_id: keyId, key_state: '3' }]);
  expect((await fixture.backendEvents()).filter(({ action }) => action === 'disable-key')).toHaveLength(1);
  expect((await fixture.callBackend(creator, 'enable-key', body)).status).toBe(200);
});
