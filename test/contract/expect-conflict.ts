import { expect } from '@jest/globals';
import type { Change } from '../../lib/store/store.ts';
import type { TestStore } from '../support/audited-store.ts';
import { type CommitOptions, commit, testIdempotencyRecord } from './fixtures.ts';

/**
 * Expects the change to be answered `conflict`, and no row to be written: no counter, no event, no idempotency
 * record.
 */
export async function expectConflict(store: TestStore, change: Change, options: CommitOptions = {}): Promise<void> {
  const before = await store.rows();
  const record = testIdempotencyRecord(0xf00d);
  expect(await commit(store, change, { ...options, record })).toEqual({ type: 'conflict' });
  expect(await store.rows()).toEqual(before);
}
