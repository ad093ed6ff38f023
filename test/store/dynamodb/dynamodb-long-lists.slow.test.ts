/**
 * Lists of hundreds of keys and grants on the DynamoDB engine, on DynamoDB Local.
 * Also tests: lib/store/dynamodb/.
 */
import { jest } from '@jest/globals';
import { longListsContract } from '../../contract/long-lists.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

/** Pages of one grant are a thousand reads, which take most of a minute on a busy machine. */
jest.setTimeout(180_000);

longListsContract(openAuditedStore);
