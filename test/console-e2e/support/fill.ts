/** Grants in a data folder before the service starts: thousands by HTTP would take longer than the tests. */
import { createKeysWithGrants } from '../../../bench/fill.ts';

/** Alias of the key with this index in the sizes. Source: bench/fill.ts. */
export const aliasOfKey = (index: number) => `bench-${index}`;

/** @returns for `startDemo`: creates keys with that many grants each, all held by one principal if it is given */
export const keysWithGrants = (sizes: readonly number[], grantee?: string) => async (dataDir: string) => {
  await createKeysWithGrants(dataDir, sizes, ...(grantee === undefined ? [] : [() => grantee]));
};
