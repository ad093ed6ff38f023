import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Store } from '../../lib/store/store.ts';

/** Opens a new, empty store. Its `close` also removes the files of the engine. */
export type OpenStore = () => Promise<Store>;

/** Opens a new store for each test of the `describe` that calls this. */
export function freshStore(openStore: OpenStore): () => Store {
  let store: Store;
  beforeEach(async () => {
    store = await openStore();
  });
  afterEach(() => store.close());
  return () => store;
}

/** Opens one store for all tests of the `describe` that calls this. They may only read what `fill` has written. */
export function sharedStore(openStore: OpenStore, fill: (store: Store) => Promise<void>): () => Store {
  let store: Store;
  beforeAll(async () => {
    store = await openStore();
    await fill(store);
  });
  afterAll(() => store.close());
  return () => store;
}
