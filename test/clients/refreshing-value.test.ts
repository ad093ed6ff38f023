import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { refreshingValue } from '../../lib/clients/refreshing-value.ts';
import { logger } from '../../lib/logger.ts';

/** As lib/clients/refreshing-value.ts allows for one read. */
const READ_TIMEOUT_MS = 2_000;

const errorLines = jest.spyOn(logger, 'error');
let nowMs = 0;
const now = () => nowMs;
beforeEach(() => {
  errorLines.mockClear();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'Date'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const hanging = () => new Promise<string>(() => undefined);

test('callers during a read share that read', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = jest.fn(() => promise);
  const value = refreshingValue('HOOKS', read, now);
  const results = [value(10_000), value(10_000), value(0)];
  resolve('one');
  expect(await Promise.all(results)).toEqual(['one', 'one', 'one']);
  expect(read).toHaveBeenCalledTimes(1);
});

test('a first read that hangs fails after 2 seconds, and the next call reads again', async () => {
  const read = jest.fn(hanging);
  const value = refreshingValue('HOOKS', read, now);
  const failed = expect(value(10_000)).rejects.toThrow('HOOKS: reading it took longer than 2000 ms');
  jest.advanceTimersByTime(READ_TIMEOUT_MS);
  await failed;
  read.mockResolvedValue('two');
  expect(await value(10_000)).toBe('two');
});

test('when a later read hangs, the cached value stays in use, an error is logged, and it is read again when it is too old', async () => {
  const read = jest.fn(async () => 'one');
  const value = refreshingValue('HOOKS', read, now);
  expect(await value(10_000)).toBe('one');
  nowMs += 10_000;
  read.mockImplementation(hanging);
  const result = value(10_000);
  jest.advanceTimersByTime(READ_TIMEOUT_MS);
  expect(await result).toBe('one');
  expect(errorLines.mock.calls).toEqual([
    ['settings', { setting: 'HOOKS', cause: 'HOOKS: reading it took longer than 2000 ms' }],
  ]);

  nowMs += 9_999;
  expect(await value(10_000)).toBe('one');
  expect(read).toHaveBeenCalledTimes(2);
  nowMs += 1;
  read.mockResolvedValue('three');
  expect(await value(10_000)).toBe('three');
});

test('a read that has finished while the event loop was blocked for longer than the limit is no failure', async () => {
  jest.useRealTimers();
  const value = refreshingValue('HOOKS', () => readFile(import.meta.filename, 'utf8'), now);
  const result = value(10_000);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READ_TIMEOUT_MS + 100);
  expect(await result).toContain('the event loop was blocked');
});
