import type { Config } from '../config.ts';
import type { Store } from '../store/store.ts';
import { deleteDueKeys } from './standalone/key-deletion.ts';

/**
 * Deletes the keys whose deletion date has passed. An upstream deletes its keys itself. It is no part of `Services`, so
 * that only the function that runs it bundles it.
 * @returns the number of deleted keys
 */
export async function deleteOwnDueKeys({
  config,
  store,
  now,
}: {
  config: Pick<Config, 'upstream'>;
  store: Pick<Store, 'grants'>;
  now: () => number;
}): Promise<number> {
  return config.upstream ? 0 : deleteDueKeys(store.grants, now);
}
