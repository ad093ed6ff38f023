/**
 * Lists of hundreds of keys and grants on the DynamoDB engine, on DynamoDB Local.
 * Also tests: lib/store/dynamodb/.
 */
import { longListsContract } from '../../contract/long-lists.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

longListsContract(openAuditedStore);
