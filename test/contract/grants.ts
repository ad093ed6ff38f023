import { grantChangesContract } from './grant-changes.ts';
import { grantListsContract } from './grant-lists.ts';
import { granteeListsContract } from './grantee-lists.ts';
import { keyChangesContract } from './key-changes.ts';
import { keyListsContract } from './key-lists.ts';
import type { OpenStore } from './open-store.ts';
import { retirableContract } from './retirable.ts';

/** The contract of `GrantStore`. */
export function grantsContract(openStore: OpenStore): void {
  grantChangesContract(openStore);
  keyChangesContract(openStore);
  grantListsContract(openStore);
  keyListsContract(openStore);
  retirableContract(openStore);
  granteeListsContract(openStore);
}
