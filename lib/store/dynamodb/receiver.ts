import type { ReceiverStore } from '../store.ts';
import { dynamodbJobs } from './jobs.ts';
import { dynamodbProjects } from './projects.ts';
import { type DynamodbSettings, dynamodbCall } from './settings.ts';
import { openTable } from './table.ts';

/** Opens the parts of the store that a receiver of webhooks needs, without an access to the table. */
export function openDynamodbReceiver(settings: DynamodbSettings): ReceiverStore {
  const table = openTable(dynamodbCall(settings), settings.table);
  return { jobs: dynamodbJobs(table), directory: dynamodbProjects(table) };
}
