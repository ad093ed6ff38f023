/**
 * Changes at the upstream, with concurrent processes and lost responses: each is applied once and has one event.
 * Also tests: lib/idempotency/lock.ts.
 */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Authority } from '../../../lib/authority/authority.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../../../lib/store/store.ts';
import { until } from '../../upstream/until.ts';
import { CREATOR, GRANTEE, grantInput, keyInput, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  lostResponse,
  OTHER_KEY,
  openUpstreamFixture,
  type Reply,
  type UpstreamFixture,
  upstreamGrant,
} from './scripted-upstream.ts';

let fixture: UpstreamFixture;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
});
afterEach(() => fixture.close());

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const apis = () => fixture.received.map(({ api }) => api);
const recordedEvents = async () =>
  (await fixture.store.events.list(PROJECT, {}, 100)).map(({ action, actor }) => `${action} ${actor}`);
const resultOf = (call: Promise<unknown>) =>
  call.then(
    (answer) => answer,
    (error) => error.publicCode ?? error,
  );

/** Returns a reply that is sent only after `release`. */
function heldReply(status: number, body: object): { reply: Reply; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    reply: (response) =>
      promise.then(() => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))),
    release: resolve,
  };
}

describe('two processes', () => {
  test('a create that both send with one sequence reaches the upstream once, and both return its grant id', async () => {
    const { reply, release } = heldReply(200, { grant_id: grantIdOf(1) });
    fixture.replies['create-grant'] = [reply, [200, { grant_id: grantIdOf(2) }]];
    const grants = [upstreamGrant(1)];
    fixture.replies['list-grants'] = [[200, { grants, truncated: 'false', total: 1 }]];
    const create = (authority: Authority) =>
      authority.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantInput(KEY));
    const both = [create(fixture.openAuthority()), create(fixture.openAuthority())];
    release();
    expect(await Promise.all(both)).toEqual([{ grant_id: grantIdOf(1) }, { grant_id: grantIdOf(1) }]);
    expect(apis()).toEqual(['create-grant', 'list-grants']);
    expect(await recordedEvents()).toEqual([`create-grant ${CREATOR}`]);
  });

  test('of a revoke that both send, one succeeds and the other fails with KMS.2501', async () => {
    const { reply, release } = heldReply(200, {});
    fixture.replies['revoke-grant'] = [reply, kmsError(400, 'KMS.2501')];
    const revoke = (authority: Authority) =>
      resultOf(authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));
    const both = [revoke(fixture.openAuthority()), revoke(fixture.openAuthority())];
    release();
    expect(await Promise.all(both)).toEqual(expect.arrayContaining([{}, 'KMS.2501']));
    expect(await recordedEvents()).toEqual([`revoke-grant ${CREATOR}`]);
  });

  test('a revoke waits for the lock of a revoke without a response; when the upstream then says KMS.2501, it counts as done', async () => {
    fixture.replies['revoke-grant'] = [() => undefined, kmsError(400, 'KMS.2501')];
    const startedAtMs = performance.now() - 1_000;
    // The upstream never responds to this request.
    const unanswered = resultOf(
      fixture.openAuthority().revokeGrant(requestContext('revoke-grant', { startedAtMs }), KEY, grantIdOf(1)),
    );
    const again = fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
    expect(await Promise.all([unanswered, again])).toEqual(['APIGW.0201', {}]);
    expect(await recordedEvents()).toEqual([`revoke-grant ${CREATOR}`]);
  });
});

test('the lock of a process that no longer exists on this host is taken over without waiting', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  fixture.replies['revoke-grant'] = [() => undefined, kmsError(400, 'KMS.2501')];
  const { idempotency } = fixture.store;
  let lockOfDeadProcess: IdempotencyRecord | undefined;
  const swap: IdempotencyStore['compareAndSwap'] = (record, ...more) => {
    const { process: own, ...answer } = record.answer as { process: object };
    lockOfDeadProcess ??= { ...record, answer: { ...answer, process: { ...own, pid } } };
    return idempotency.compareAndSwap(record, ...more);
  };
  const dead = fixture.openAuthority({}, { ...fixture.store, idempotency: { ...idempotency, compareAndSwap: swap } });
  const pending = resultOf(dead.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));
  await until(() => apis().length === 1);
  await idempotency.save(lockOfDeadProcess as IdempotencyRecord, Date.now());
  expect(await fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).toEqual({});
  // One request of each: the first authority did not retry meanwhile.
  expect(apis()).toHaveLength(2);
  await pending;
});

describe('a create whose response was lost', () => {
  test('a create whose response was lost is not sent again, even if the same request is repeated', async () => {
    fixture.replies['create-grant'] = [lostResponse];
    const { createGrant } = fixture.openAuthority();
    for (const _ of [1, 2]) {
      const call = createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantInput(KEY));
      await expect(call).rejects.toThrow('It may have been created. List before you try again.');
    }
    expect(apis()).toEqual(['create-grant']);
  });

  test('a create with another sequence is sent after one whose response was lost', async () => {
    fixture.replies['create-grant'] = [lostResponse, [200, { grant_id: grantIdOf(2) }]];
    const { createGrant } = fixture.openAuthority();
    await resultOf(createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantInput(KEY)));
    const other = requestContext('create-grant', { sequence: SEQUENCE.replace('9', '8') });
    expect(await createGrant(other, grantInput(KEY))).toEqual({ grant_id: grantIdOf(2) });
  });
});

describe('a change of a key state whose response was lost', () => {
  const DAY_MS = 86_400_000;
  const inDays = (days: number) => String(Date.now() + days * DAY_MS);
  const CHANGES: Record<
    string,
    { change: (authority: Authority, context: RequestContext) => Promise<unknown>; refusal: string; to: string }
  > = {
    'enable-key': { change: (authority, context) => authority.enableKey(context, KEY), refusal: 'KMS.1201', to: '2' },
    'disable-key': { change: (authority, context) => authority.disableKey(context, KEY), refusal: 'KMS.1301', to: '3' },
    'cancel-key-deletion': {
      change: (authority, context) => authority.cancelKeyDeletion(context, KEY),
      refusal: 'KMS.1501',
      to: '3',
    },
    'schedule-key-deletion': {
      change: (authority, context) => authority.scheduleKeyDeletion(context, KEY, 7),
      refusal: 'KMS.1402',
      to: '4',
    },
  };
  const cases = Object.entries(CHANGES).flatMap(([name, { to, refusal }]) =>
    ['2', '3', '4'].map((state) => ({ name, state, refusal, isDone: state === to })),
  );

  test.each(cases)(
    '$name is refused on retry and describe-key shows state $state: reported as done is $isDone',
    async ({ name, state, refusal, isDone }) => {
      const { change, to } = CHANGES[name] as (typeof CHANGES)[string];
      fixture.replies[name] = [lostResponse, kmsError(400, refusal)];
      const key_info = { key_id: KEY, key_state: state, scheduled_deletion_date: inDays(7) };
      fixture.replies['describe-key'] = [[200, { key_info }]];
      expect(await resultOf(change(fixture.openAuthority(), requestContext(name)))).toEqual(
        isDone ? { keyId: KEY, state: to } : refusal,
      );
      expect(await recordedEvents()).toEqual(isDone ? [`${name} ${CREATOR}`] : []);
    },
  );

  test('a schedule-key-deletion is not reported as done if the key has another deletion date than the requested one', async () => {
    fixture.replies['schedule-key-deletion'] = [lostResponse, kmsError(400, 'KMS.1402')];
    const key_info = { key_id: KEY, key_state: '4', scheduled_deletion_date: inDays(7) };
    fixture.replies['describe-key'] = [[200, { key_info }]];
    const call = fixture.openAuthority().scheduleKeyDeletion(requestContext('schedule-key-deletion'), KEY, 1096);
    expect(await resultOf(call)).toBe('KMS.1402');
    expect(await recordedEvents()).toEqual([]);
  });
});

test.each([
  ['a refusal', [kmsError(403, 'KMS.0306')]],
  ['throttling', [kmsError(429, 'APIGW.0308')]],
] as const)(
  'when a change of a key state was perhaps applied and describe-key answers with %s, the error says that it may have been applied',
  async (_, replies) => {
    fixture.replies['cancel-key-deletion'] = [lostResponse, kmsError(400, 'KMS.1501')];
    fixture.replies['describe-key'] = [...replies];
    const call = fixture.openAuthority().cancelKeyDeletion(requestContext('cancel-key-deletion'), KEY);
    await expect(call).rejects.toMatchObject({
      status: 502,
      message: 'Backend unavailable. The change may have been applied. Check, or send the request again.',
    });
  },
);

test('when a retry is refused after a lost response, the error says that the change may have been applied', async () => {
  fixture.replies['revoke-grant'] = [lostResponse, kmsError(403, 'KMS.0306')];
  const call = fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
  await expect(call).rejects.toMatchObject({
    status: 502,
    message: 'Backend unavailable. The change may have been applied. Check, or send the request again.',
  });
});

test('the caller of create-key is the creator of the key, even if another user changes the key before create-key returns', async () => {
  const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
  const authority = fixture.openAuthority({ credentials });
  const { reply, release } = heldReply(200, { key_info: { key_id: KEY, domain_id: 'd' } });
  fixture.replies['create-key'] = [reply];
  fixture.replies['disable-key'] = [[200, { key_info: { key_id: KEY, key_state: '3' } }]];
  const creating = authority.createKey(requestContext('create-key'), keyInput('orders'));
  // The upstream has created the key, but its response to create-key is still held back.
  await authority.disableKey(requestContext('disable-key', { userId: GRANTEE }), KEY);
  release();
  await creating;
  const revoke = authority.revokeGrant(requestContext('revoke-grant', { userId: GRANTEE }), KEY, grantIdOf(1));
  expect(await resultOf(revoke)).toBe('KMS.0306');
  expect(apis()).not.toContain('revoke-grant');
});

describe('the lock of a change whose response was lost', () => {
  const revoke = (authority: Authority, over: Parameters<typeof requestContext>[1] = {}, keyId = KEY) =>
    resultOf(authority.revokeGrant(requestContext('revoke-grant', over), keyId, grantIdOf(1)));

  test('a lost revoke of a grant does not affect a revoke of the same grant id on another key', async () => {
    fixture.replies['revoke-grant'] = [
      lostResponse,
      lostResponse,
      lostResponse,
      lostResponse,
      kmsError(400, 'KMS.2501'),
    ];
    expect(await revoke(fixture.openAuthority())).toBe('APIGW.0201');
    expect(await revoke(fixture.openAuthority(), {}, OTHER_KEY)).toBe('KMS.2501');
    expect(await revoke(fixture.openAuthority())).toEqual({});
    expect(await recordedEvents()).toEqual([`revoke-grant ${CREATOR}`]);
  });

  test('a lost enable-key stays uncertain after a repeat of an earlier request that gets its recorded answer', async () => {
    const enabled = { key_info: { key_id: KEY, key_state: '2' } };
    fixture.replies['enable-key'] = [
      [200, enabled],
      lostResponse,
      lostResponse,
      lostResponse,
      lostResponse,
      kmsError(400, 'KMS.1201'),
    ];
    fixture.replies['describe-key'] = [[200, enabled]];
    const authority = fixture.openAuthority();
    const enable = (sequence: string) => resultOf(authority.enableKey(requestContext('enable-key', { sequence }), KEY));
    const [first, second] = [SEQUENCE, SEQUENCE.replace('9', '8')];
    expect(await enable(first)).toEqual({ keyId: KEY, state: '2' });
    expect(await enable(second)).toBe('APIGW.0201');
    expect(await enable(first)).toEqual({ keyId: KEY, state: '2' });
    expect(await enable(second)).toEqual({ keyId: KEY, state: '2' });
  });

  test('a lost create does not affect a create with the same sequence and another body', async () => {
    fixture.replies['create-grant'] = [lostResponse, [200, { grant_id: grantIdOf(2) }]];
    const create = (body: string) => {
      const context = requestContext('create-grant', { sequence: SEQUENCE, body: new TextEncoder().encode(body) });
      return resultOf(fixture.openAuthority().createGrant(context, grantInput(KEY)));
    };
    expect(await create('a')).toBe('APIGW.0201');
    expect(await create('b')).toEqual({ grant_id: grantIdOf(2) });
  });

  test('a refused revoke whose refusal could not be stored leaves no uncertain lock: the next one gets KMS.2501', async () => {
    fixture.replies['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const { idempotency } = fixture.store;
    const failingSwap: IdempotencyStore['compareAndSwap'] = (record, ...more) =>
      'arrivedAtMs' in (record.answer as object)
        ? Promise.reject(new Error('the disk is full'))
        : idempotency.compareAndSwap(record, ...more);
    const failing = fixture.openAuthority(
      {},
      { ...fixture.store, idempotency: { ...idempotency, compareAndSwap: failingSwap } },
    );
    expect(await revoke(failing, { signature: 'feed' })).toEqual(new Error('the disk is full'));
    expect(await revoke(fixture.openAuthority())).toBe('KMS.2501');
    expect(await recordedEvents()).toEqual([]);
  });
});
