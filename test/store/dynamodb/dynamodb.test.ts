/** The DynamoDB engine under every contract, on DynamoDB Local; after each test the table itself is audited. */
import { expect } from '@jest/globals';
import { ensureTable } from '../../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import type { Store } from '../../../lib/store/store.ts';
import { directoryContract } from '../../contract/directory.ts';
import { eventsContract } from '../../contract/events.ts';
import { grantsContract } from '../../contract/grants.ts';
import { idempotencyContract } from '../../contract/idempotency.ts';
import { jobsContract } from '../../contract/jobs.ts';
import { mappingsContract } from '../../contract/mappings.ts';
import { outboxContract } from '../../contract/outbox.ts';
import { openAuditedStore } from '../../support/audited-store.ts';
import { dynamodbEndpoint, freshTableName } from '../../support/dynamodb.ts';
import { auditTable } from '../../support/oracles/dynamodb.ts';

grantsContract(openAuditedStore);
eventsContract(openAuditedStore);
idempotencyContract(openAuditedStore);
directoryContract(openAuditedStore);
jobsContract(openAuditedStore);
mappingsContract(openAuditedStore);
outboxContract(openWithOutbox, openAuditedStore);

async function openWithOutbox(): Promise<Store> {
  const aws = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = { table: freshTableName(), endpoint: dynamodbEndpoint(), aws, hasOutbox: true };
  await ensureTable(settings);
  const store = openDynamodbStore(settings);
  return {
    ...store,
    async close() {
      await store.close();
      expect(await auditTable(settings.endpoint, settings.table)).toEqual([]);
    },
  };
}
