import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { TestStore } from '../support/audited-store.ts';

/** Filling a store takes 10 s on DynamoDB Local, and longer on a busy machine. */
const FILL_TIMEOUT_MS = 120_000;

/** Opens a new, empty store. Its `close` also removes the files of the engine. */
export type OpenStore = () => Promise<TestStore>;

/** Opens a new store for each test of the `describe` that calls this. */
export function freshStore(openStore: OpenStore): () => TestStore {
  let store: TestStore;
  beforeEach(async () => {
    store = await openStore();
  });
  afterEach(() => store.close());
  return () => store;
}

/** Opens one store for all tests of the `describe` that calls this. They may only read what `fill` has written. */
export function sharedStore(openStore: OpenStore, fill: (store: TestStore) => Promise<void>): () => TestStore {
  let store: TestStore;
  beforeAll(async () => {
    store = await openStore();
    await fill(store);
  }, FILL_TIMEOUT_MS);
  afterAll(() => store.close());
  return () => store;
}
