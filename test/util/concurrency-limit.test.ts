import { expect, test } from '@jest/globals';
import { concurrencyLimit } from '../../lib/util/concurrency-limit.ts';

const REFUSED = expect.objectContaining({ code: 'Keystone.429', retryAfterSeconds: 1 });

test('one address may have at most `perSourceMax` work in progress, and another address may still start some', () => {
  const limit = concurrencyLimit(3, 2, 'Keystone.429');
  limit.acquire('192.0.2.1');
  const release = limit.acquire('192.0.2.1');
  expect(() => limit.acquire('192.0.2.1')).toThrow(REFUSED as unknown as Error);
  limit.acquire('192.0.2.2');
  release();
  limit.acquire('192.0.2.1');
});

test('all addresses together get at most the total limit', () => {
  const limit = concurrencyLimit(2, 2, 'Keystone.429');
  limit.acquire('192.0.2.1');
  const release = limit.acquire('192.0.2.2');
  expect(() => limit.acquire('192.0.2.3')).toThrow(REFUSED as unknown as Error);
  release();
  limit.acquire('192.0.2.3');
});
