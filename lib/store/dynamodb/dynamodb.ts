import { type AwsSettings, awsCall } from '../../aws/call.ts';
import type { Store } from '../store.ts';
import { dynamodbDirectory } from './directory.ts';
import { dynamodbEvents } from './events.ts';
import { dynamodbGrants } from './grants.ts';
import { dynamodbSeen } from './seen.ts';
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

/** The store on DynamoDB. Nothing is asked of the table before it is needed. */
export function openDynamodbStore(settings: DynamodbSettings): Store {
  const table = openTable(dynamodbCall(settings), settings.table);
  const seen = dynamodbSeen(table);
  return {
    grants: dynamodbGrants(table, seen),
    events: dynamodbEvents(table),
    seen,
    directory: dynamodbDirectory(table),
    close: async () => undefined,
  };
}
