import type { Store } from '../store.ts';
import { dynamodbDirectory } from './directory.ts';
import { dynamodbEvents } from './events.ts';
import { dynamodbGrants } from './grants.ts';
import { dynamodbIdempotency } from './idempotency.ts';
import { dynamodbJobs } from './jobs.ts';
import { dynamodbMappings } from './mappings.ts';
import { dynamodbOutbox } from './outbox.ts';
import { dynamodbScim } from './scim.ts';
import { type DynamodbSettings, dynamodbCall } from './settings.ts';
import { openTable } from './table.ts';

export interface DynamodbOptions {
  /** Whether new events are put into the outbox; see `OutboxStore`. */
  hasOutbox?: boolean;
}

/** Opens the store on DynamoDB. It does not access the table before the first read or write. */
export function openDynamodbStore(settings: DynamodbSettings & DynamodbOptions): Store {
  const { hasOutbox = false } = settings;
  const table = openTable(dynamodbCall(settings), settings.table);
  return {
    grants: dynamodbGrants(table, hasOutbox),
    events: dynamodbEvents(table, hasOutbox),
    idempotency: dynamodbIdempotency(table),
    directory: dynamodbDirectory(table),
    jobs: dynamodbJobs(table),
    mappings: dynamodbMappings(table),
    scim: dynamodbScim(table),
    outbox: dynamodbOutbox(table),
    close: async () => undefined,
  };
}
