import { afterEach, expect, test } from '@jest/globals';
import { concurrencyLimit } from '../../lib/util/concurrency-limit.ts';

const REFUSED = expect.objectContaining({ code: 'Keystone.429', retryAfterSeconds: 1 });
const LIMITS = { max: 3, knownOnly: 1, perAddressMax: 1, waitingMax: 4, waitMs: 60_000, code: 'Keystone.429' as const };

/** Ends all work that has not ended. */
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** A limit, and work that ends when its test says so. */
function startLimit(limits: Partial<typeof LIMITS> = {}) {
  const limit = concurrencyLimit({ ...LIMITS, ...limits });
  /** Names of the work that has started, in that order. */
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    run(name: string, address: string, isKnown = false): Promise<unknown> {
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(name, resolve);
      endings.push(resolve);
      return limit
        .run(address, isKnown, () => {
          started.push(name);
          return promise;
        })
        .catch((error: unknown) => error);
    },
    async end(name: string) {
      ends.get(name)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('one address may have at most `perAddressMax` work in progress, and others may still start', async () => {
  const { run, started, end } = startLimit();
  run('a1', '192.0.2.1');
  run('a2', '192.0.2.1');
  run('b1', '192.0.2.2');
  expect(started).toEqual(['a1', 'b1']);
  await end('a1');
  expect(started).toEqual(['a1', 'b1', 'a2']);
});

test('all addresses of one IPv6 /64 count as one', () => {
  const { run, started } = startLimit();
  run('a1', '2001:db8:0:1::1');
  run('a2', '2001:db8:0:1:ffff::2');
  run('b1', '2001:db8:0:2::1');
  expect(started).toEqual(['a1', 'b1']);
});

test('the places for known callers stay free, whatever others do, and such a caller is not limited by address', () => {
  const { run, started } = startLimit();
  for (const name of ['1', '2', '3', '4', '5', '6']) run(name, `192.0.2.${name}`);
  expect(started).toEqual(['1', '2']);
  run('known', '192.0.2.1', true);
  expect(started).toEqual(['1', '2', 'known']);
});

test('a known caller that waits goes first', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0 });
  run('a1', '192.0.2.1');
  run('b1', '192.0.2.2');
  run('known', '192.0.2.3', true);
  await end('a1');
  expect(started).toEqual(['a1', 'known']);
  await end('known');
  expect(started).toEqual(['a1', 'known', 'b1']);
});

test('known callers that keep coming do not shut out the others: they get every second place', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0, waitingMax: 10 });
  run('first', '192.0.2.9');
  for (const name of ['k1', 'k2', 'k3']) run(name, '192.0.2.1', true);
  for (const name of ['a1', 'a2']) run(name, '192.0.2.2');
  for (const name of ['first', 'k1', 'a1', 'k2', 'a2', 'k3']) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
});

test('waiting addresses get places in turn', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0 });
  for (const name of ['a1', 'a2', 'a3']) run(name, '192.0.2.1');
  for (const name of ['b1', 'b2']) run(name, '192.0.2.2');
  for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
  expect(started).toHaveLength(5);
});

test('when the queue is full, the newest waiter of the address with the most waiters is refused', async () => {
  const { run, started } = startLimit({ max: 1, knownOnly: 0 });
  const waiters = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => run(name, '192.0.2.1'));
  expect(await run('a6', '192.0.2.1')).toEqual(REFUSED);
  run('b1', '192.0.2.2');
  expect(await waiters[4]).toEqual(REFUSED);
  expect(started).toEqual(['a1']);
});

test('a known caller waits even if many addresses fill the queue: the newest waiter of the others is refused', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0 });
  run('first', '192.0.2.9');
  const others = ['1', '2', '3', '4'].map((name) => run(name, `192.0.2.${name}`));
  const known = ['k1', 'k2'].map((name) => run(name, '192.0.2.8', true));
  expect([await others[3], await others[2]]).toEqual([REFUSED, REFUSED]);
  for (const name of ['first', 'k1', '1', 'k2', '2']) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
  expect(await Promise.all(known)).toEqual([undefined, undefined]);
});

test('others never take the place of a known caller that waits, unless known callers have over half of the queue', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0 });
  run('first', '192.0.2.9');
  const known = ['k1', 'k2', 'k3'].map((name) => run(name, '192.0.2.8', true));
  run('1', '192.0.2.1');
  run('2', '192.0.2.2');
  expect(await known[2]).toEqual(REFUSED);
  for (const name of ['3', '4', '5']) expect(await run(name, `192.0.2.${name}`)).toEqual(REFUSED);
  for (const name of ['first', 'k1', '1', 'k2', '2']) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
});

test('addresses that keep coming do not take the places of those that wait already', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0 });
  run('first', '192.0.2.9');
  for (const name of ['1', '2', '3', '4']) run(name, `192.0.2.${name}`);
  for (const name of ['5', '6', '7', '8']) expect(await run(name, `192.0.2.${name}`)).toEqual(REFUSED);
  for (const name of ['first', '1', '2', '3', '4']) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
});

test('work that gets no place in time is refused, and does not count any more', async () => {
  const { run, started, end } = startLimit({ max: 1, knownOnly: 0, waitMs: 1 });
  run('a1', '192.0.2.1');
  expect(await run('a2', '192.0.2.1')).toEqual(REFUSED);
  await end('a1');
  run('a3', '192.0.2.1');
  expect(started).toEqual(['a1', 'a3']);
});

test('work that fails gives its place back', async () => {
  const limit = concurrencyLimit({ ...LIMITS, max: 1, knownOnly: 0 });
  const failure = new Error('broken');
  await expect(limit.run('192.0.2.1', false, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(await limit.run('192.0.2.1', false, async () => 'done')).toBe('done');
});
