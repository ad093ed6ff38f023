/** The DynamoDB engine under every contract, on DynamoDB Local. */
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import type { Store } from '../../lib/store/store.ts';
import { directoryContract } from '../contract/directory.ts';
import { eventsContract } from '../contract/events.ts';
import { grantsContract } from '../contract/grants.ts';
import { seenContract } from '../contract/seen.ts';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';

async function openStore(): Promise<Store> {
  const settings = {
    table: freshTableName(),
    endpoint: dynamodbEndpoint(),
    aws: { region: 'eu-central-1', accessKeyId: 'local', secretAccessKey: 'local' },
  };
  await ensureTable(settings);
  return openDynamodbStore(settings);
}

grantsContract(openStore);
eventsContract(openStore);
seenContract(openStore);
directoryContract(openStore);
