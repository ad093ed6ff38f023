/** How settings that lie outside are read: once for all who ask, and never so that a hook waits for ever. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { refreshingValue } from '../../lib/clients/refreshing-value.ts';
import { logger } from '../../lib/logger.ts';

/** As lib/clients/secrets.ts gives a reading. */
const READ_MS = 2_000;

const lines = jest.spyOn(logger, 'error');
let nowMs = 0;
const now = () => nowMs;
beforeEach(() => {
  lines.mockClear();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'Date'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const hanging = () => new Promise<string>(() => undefined);

test('whoever asks while it is read waits for the same reading', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = jest.fn(() => promise);
  const fresh = refreshingValue('HOOKS', read, now);
  const asked = [fresh(10_000), fresh(10_000), fresh(0)];
  resolve('one');
  expect(await Promise.all(asked)).toEqual(['one', 'one', 'one']);
  expect(read).toHaveBeenCalledTimes(1);
});

test('the first reading that hangs is an error, and the next is a new one', async () => {
  const read = jest.fn(hanging);
  const fresh = refreshingValue('HOOKS', read, now);
  const asked = expect(fresh(10_000)).rejects.toThrow('HOOKS: not read in time');
  jest.advanceTimersByTime(READ_MS);
  await asked;
  read.mockResolvedValue('two');
  expect(await fresh(10_000)).toBe('two');
});

test('a later one that hangs leaves what there was in force, says so, and is tried again once that is old', async () => {
  const read = jest.fn(async () => 'one');
  const fresh = refreshingValue('HOOKS', read, now);
  expect(await fresh(10_000)).toBe('one');
  nowMs += 10_000;
  read.mockImplementation(hanging);
  const asked = fresh(10_000);
  jest.advanceTimersByTime(READ_MS);
  expect(await asked).toBe('one');
  expect(lines.mock.calls).toEqual([['settings', { setting: 'HOOKS', cause: 'HOOKS: not read in time' }]]);

  nowMs += 9_999;
  expect(await fresh(10_000)).toBe('one');
  expect(read).toHaveBeenCalledTimes(2);
  nowMs += 1;
  read.mockResolvedValue('three');
  expect(await fresh(10_000)).toBe('three');
});
