import type { Store } from '../store.ts';
import { dynamodbMappings } from './mappings.ts';
import { dynamodbScim } from './scim.ts';
import { type DynamodbSettings, dynamodbCall } from './settings.ts';
import { openTable } from './table.ts';

/** Opens the parts of the store that the SCIM server needs beside those of every receiver of webhooks. */
export function openDynamodbProvisioning(settings: DynamodbSettings): Pick<Store, 'scim' | 'mappings'> {
  const table = openTable(dynamodbCall(settings), settings.table);
  return { scim: dynamodbScim(table), mappings: dynamodbMappings(table) };
}
