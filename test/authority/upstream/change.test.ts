/**
 * One change is made once, whichever process it comes to, and a receipt tells what has happened.
 * Also tests: lib/idempotency/lock.ts.
 */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Authority } from '../../../lib/authority/authority.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../../../lib/store/store.ts';
import { until } from '../../upstream/until.ts';
import { CREATOR, GRANTEE, grantAsk, keyAsk, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  type CloudWorld,
  grantIdOf,
  KEY,
  kmsError,
  lost,
  OTHER_KEY,
  openCloudWorld,
  type Reply,
} from './scripted-upstream.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = await openCloudWorld();
});
afterEach(() => world.close());

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const apis = () => world.asked.map(({ api }) => api);
const receipts = async () =>
  (await world.store.events.list(PROJECT, {}, 100)).map(({ action, actor }) => `${action} ${actor}`);
const told = (asked: Promise<unknown>) =>
  asked.then(
    (answer) => answer,
    (error) => error.publicCode ?? error,
  );

/** Answers only when the test says so. */
function held(status: number, body: object): { reply: Reply; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    reply: (response) =>
      promise.then(() => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))),
    release: resolve,
  };
}

describe('two processes', () => {
  test('a create that comes to both with one sequence is made once, and both are answered with it', async () => {
    const { reply, release } = held(200, { grant_id: grantIdOf(1) });
    world.script['create-grant'] = [reply, [200, { grant_id: grantIdOf(2) }]];
    const create = (authority: Authority) =>
      authority.createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantAsk(KEY));
    const both = [create(world.open()), create(world.open())];
    release();
    expect(await Promise.all(both)).toEqual([{ grant_id: grantIdOf(1) }, { grant_id: grantIdOf(1) }]);
    expect(apis()).toEqual(['create-grant']);
    expect(await receipts()).toEqual([`create-grant ${CREATOR}`]);
  });

  test('a revoke that comes to both is done once: one is told so, the other that it is gone', async () => {
    const { reply, release } = held(200, {});
    world.script['revoke-grant'] = [reply, kmsError(400, 'KMS.2501')];
    const revoke = (authority: Authority) =>
      told(authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));
    const both = [revoke(world.open()), revoke(world.open())];
    release();
    expect(await Promise.all(both)).toEqual(expect.arrayContaining([{}, 'KMS.2501']));
    expect(await receipts()).toEqual([`revoke-grant ${CREATOR}`]);
  });

  test('one that has died with a revoke under way is waited for, and then it has worked', async () => {
    world.script['revoke-grant'] = [() => undefined, kmsError(400, 'KMS.2501')];
    const startedAtMs = performance.now() - 1_000;
    // Whatever becomes of it: its answer never comes.
    const dead = told(world.open().revokeGrant(requestContext('revoke-grant', { startedAtMs }), KEY, grantIdOf(1)));
    const again = world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
    expect(await Promise.all([dead, again])).toEqual(['APIGW.0201', {}]);
    expect(await receipts()).toEqual([`revoke-grant ${CREATOR}`]);
  });
});

test('a process of this machine that is no more is not waited for', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  world.script['revoke-grant'] = [() => undefined, kmsError(400, 'KMS.2501')];
  const { idempotency } = world.store;
  let claim: IdempotencyRecord | undefined;
  const swap: IdempotencyStore['compareAndSwap'] = (once, ...more) => {
    const { process: own, ...answer } = once.answer as { process: object };
    claim ??= { ...once, answer: { ...answer, process: { ...own, pid } } };
    return idempotency.compareAndSwap(once, ...more);
  };
  const dead = world.open({}, { ...world.store, idempotency: { ...idempotency, compareAndSwap: swap } });
  const asked = told(dead.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));
  await until(() => apis().length === 1);
  await idempotency.save(claim as IdempotencyRecord, Date.now());
  expect(await world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).toEqual({});
  // The other has not even tried again.
  expect(apis()).toHaveLength(2);
  await asked;
});

describe('a create whose answer was lost', () => {
  test('is not sent again, not even when the same request comes again', async () => {
    world.script['create-grant'] = [lost];
    const { createGrant } = world.open();
    for (const _ of [1, 2]) {
      const asked = createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantAsk(KEY));
      await expect(asked).rejects.toThrow('It may have been created. List before you try again.');
    }
    expect(apis()).toEqual(['create-grant']);
  });

  test('is another one with another sequence', async () => {
    world.script['create-grant'] = [lost, [200, { grant_id: grantIdOf(2) }]];
    const { createGrant } = world.open();
    await told(createGrant(requestContext('create-grant', { sequence: SEQUENCE }), grantAsk(KEY)));
    const other = requestContext('create-grant', { sequence: SEQUENCE.replace('9', '8') });
    expect(await createGrant(other, grantAsk(KEY))).toEqual({ grant_id: grantIdOf(2) });
  });
});

describe('a key that is moved, with an answer lost', () => {
  const DAY_MS = 86_400_000;
  const inDays = (days: number) => String(Date.now() + days * DAY_MS);
  const MOVES: Record<
    string,
    { move: (authority: Authority, context: RequestContext) => Promise<unknown>; second: string; to: string }
  > = {
    'enable-key': { move: (authority, one) => authority.enableKey(one, KEY), second: 'KMS.1201', to: '2' },
    'disable-key': { move: (authority, one) => authority.disableKey(one, KEY), second: 'KMS.1301', to: '3' },
    'cancel-key-deletion': {
      move: (authority, one) => authority.cancelKeyDeletion(one, KEY),
      second: 'KMS.1501',
      to: '3',
    },
    'schedule-key-deletion': {
      move: (authority, one) => authority.scheduleKeyDeletion(one, KEY, 7),
      second: 'KMS.1402',
      to: '4',
    },
  };
  const cases = Object.entries(MOVES).flatMap(([name, { to, second }]) =>
    ['2', '3', '4'].map((state) => ({ name, state, second, isDone: state === to })),
  );

  test.each(cases)(
    '$name, and the key is then in state $state: done is $isDone',
    async ({ name, state, second, isDone }) => {
      const { move, to } = MOVES[name] as (typeof MOVES)[string];
      world.script[name] = [lost, kmsError(400, second)];
      const key_info = { key_id: KEY, key_state: state, scheduled_deletion_date: inDays(7) };
      world.script['describe-key'] = [[200, { key_info }]];
      expect(await told(move(world.open(), requestContext(name)))).toEqual(isDone ? { keyId: KEY, state: to } : second);
      expect(await receipts()).toEqual(isDone ? [`${name} ${CREATOR}`] : []);
    },
  );

  test('another date of deletion than the one asked for is not confirmed', async () => {
    world.script['schedule-key-deletion'] = [lost, kmsError(400, 'KMS.1402')];
    const key_info = { key_id: KEY, key_state: '4', scheduled_deletion_date: inDays(7) };
    world.script['describe-key'] = [[200, { key_info }]];
    const asked = world.open().scheduleKeyDeletion(requestContext('schedule-key-deletion'), KEY, 1096);
    expect(await told(asked)).toBe('KMS.1402');
    expect(await receipts()).toEqual([]);
  });
});

test('a refusal after a try that may have been done tells that it may have been', async () => {
  world.script['revoke-grant'] = [lost, kmsError(403, 'KMS.0306')];
  const asked = world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
  await expect(asked).rejects.toMatchObject({
    status: 502,
    message: 'Backend unavailable. The change may have been applied. Check, or send the request again.',
  });
});

test('who made a key through this service stays its creator, whatever others do to it meanwhile', async () => {
  const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
  const authority = world.open({ credentials });
  const { reply, release } = held(200, { key_info: { key_id: KEY, domain_id: 'd' } });
  world.script['create-key'] = [reply];
  world.script['disable-key'] = [[200, { key_info: { key_id: KEY, key_state: '3' } }]];
  const made = authority.createKey(requestContext('create-key'), keyAsk('orders'));
  // The cloud lists the key before its maker is answered.
  await authority.disableKey(requestContext('disable-key', { userId: GRANTEE }), KEY);
  release();
  await made;
  const revoke = authority.revokeGrant(requestContext('revoke-grant', { userId: GRANTEE }), KEY, grantIdOf(1));
  expect(await told(revoke)).toBe('KMS.0306');
  expect(apis()).not.toContain('revoke-grant');
});

describe('doubt', () => {
  const revoke = (authority: Authority, over: Parameters<typeof requestContext>[1] = {}, keyId = KEY) =>
    told(authority.revokeGrant(requestContext('revoke-grant', over), keyId, grantIdOf(1)));

  test('about a grant of one key is none about the same id with another key', async () => {
    world.script['revoke-grant'] = [lost, lost, lost, lost, kmsError(400, 'KMS.2501')];
    expect(await revoke(world.open())).toBe('APIGW.0201');
    expect(await revoke(world.open(), {}, OTHER_KEY)).toBe('KMS.2501');
    expect(await revoke(world.open())).toEqual({});
    expect(await receipts()).toEqual([`revoke-grant ${CREATOR}`]);
  });

  test('outlives a repeat that is answered from memory', async () => {
    const enabled = { key_info: { key_id: KEY, key_state: '2' } };
    world.script['enable-key'] = [[200, enabled], lost, lost, lost, lost, kmsError(400, 'KMS.1201')];
    world.script['describe-key'] = [[200, enabled]];
    const authority = world.open();
    const enable = (sequence: string) => told(authority.enableKey(requestContext('enable-key', { sequence }), KEY));
    const [first, second] = [SEQUENCE, SEQUENCE.replace('9', '8')];
    expect(await enable(first)).toEqual({ keyId: KEY, state: '2' });
    expect(await enable(second)).toBe('APIGW.0201');
    expect(await enable(first)).toEqual({ keyId: KEY, state: '2' });
    expect(await enable(second)).toEqual({ keyId: KEY, state: '2' });
  });

  test('about one create is none about another with the same sequence', async () => {
    world.script['create-grant'] = [lost, [200, { grant_id: grantIdOf(2) }]];
    const create = (body: string) => {
      const one = requestContext('create-grant', { sequence: SEQUENCE, body: new TextEncoder().encode(body) });
      return told(world.open().createGrant(one, grantAsk(KEY)));
    };
    expect(await create('a')).toBe('APIGW.0201');
    expect(await create('b')).toEqual({ grant_id: grantIdOf(2) });
  });

  test('is none where a refusal could not be remembered', async () => {
    world.script['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const { idempotency } = world.store;
    const remember = () => Promise.reject(new Error('the disk is full'));
    const failing = world.open({}, { ...world.store, idempotency: { ...idempotency, save: remember } });
    expect(await revoke(failing, { signature: 'feed' })).toEqual(new Error('the disk is full'));
    expect(await revoke(world.open())).toBe('KMS.2501');
    expect(await receipts()).toEqual([]);
  });
});
