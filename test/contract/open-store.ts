import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Store } from '../../lib/store/store.ts';

/** Opens a fresh, empty store. Its `close` also removes what the engine left behind. */
export type OpenStore = () => Promise<Store>;

/** A fresh store for each test of the suite that calls this. */
export function freshStore(openStore: OpenStore): () => Store {
  let store: Store;
  beforeEach(async () => {
    store = await openStore();
  });
  afterEach(() => store.close());
  return () => store;
}

/** One store for all tests of the `describe` that calls this, which only read what `fill` wrote. */
export function sharedStore(openStore: OpenStore, fill: (store: Store) => Promise<void>): () => Store {
  let store: Store;
  beforeAll(async () => {
    store = await openStore();
    await fill(store);
  });
  afterAll(() => store.close());
  return () => store;
}
