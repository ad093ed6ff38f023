import { type AwsSettings, awsCall } from '../../clients/aws.ts';
import type { Store } from '../store.ts';
import { dynamodbDirectory } from './directory.ts';
import { dynamodbEvents } from './events.ts';
import { dynamodbGrants } from './grants.ts';
import { dynamodbIdempotency } from './idempotency.ts';
import { dynamodbJobs } from './jobs.ts';
import { dynamodbMappings } from './mappings.ts';
import { dynamodbOutbox } from './outbox.ts';
import { openTable } from './table.ts';

/** Which table, and where. */
export interface DynamodbSettings {
  table: string;
  aws: AwsSettings;
  /** Another address than AWS's own. */
  endpoint?: string | undefined;
}

/** How DynamoDB is called. */
export const dynamodbCall = ({ aws, endpoint }: DynamodbSettings) =>
  awsCall(aws, { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0', endpoint });

export interface DynamodbOptions {
  /** Whether changes are to be told to others; see `OutboxStore`. */
  hasOutbox?: boolean;
}

/** The store on DynamoDB. Nothing is asked of the table before it is needed. */
export function openDynamodbStore(settings: DynamodbSettings & DynamodbOptions): Store {
  const { hasOutbox = false } = settings;
  const table = openTable(dynamodbCall(settings), settings.table);
  const idempotency = dynamodbIdempotency(table);
  return {
    grants: dynamodbGrants(table, idempotency, hasOutbox),
    events: dynamodbEvents(table, hasOutbox),
    idempotency,
    directory: dynamodbDirectory(table),
    jobs: dynamodbJobs(table),
    mappings: dynamodbMappings(table),
    outbox: dynamodbOutbox(table),
    close: async () => undefined,
  };
}
