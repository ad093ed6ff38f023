/** A table that tests damage by hand, through AWS's own client. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ensureTable } from '../../../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../../../lib/store/dynamodb/dynamodb.ts';
import type { DynamodbSettings } from '../../../../lib/store/dynamodb/settings.ts';
import type { Store } from '../../../../lib/store/store.ts';
import { auditDynamodb } from '../../../../local/admin/audit/dynamodb.ts';
import { dynamodbEndpoint, freshTableName } from '../../../support/dynamodb.ts';

type Attributes = Record<string, AttributeValue>;

/** An item and the change: attributes to set in the item, which is created if it does not exist, or its deletion. */
export type Damage = [pk: string, sk: string, change: Attributes | 'deleted'];

export interface DamagedTable {
  settings: DynamodbSettings;
  store: Store;
  /** Damages the table, audits it and undoes the damage. @returns the faults that the audit reports */
  faultsAfter(...damage: Damage[]): Promise<string[]>;
  damage(...damage: Damage[]): Promise<void>;
  close(): void;
}

/** Creates an empty table. */
export async function openTable(): Promise<DamagedTable> {
  const aws = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = { table: freshTableName(), endpoint: dynamodbEndpoint(), aws };
  await ensureTable(settings);
  const client = new DynamoDBClient({ endpoint: settings.endpoint, region: aws.region, credentials: aws });
  const TableName = settings.table;

  async function write([pk, sk, item]: Damage): Promise<void> {
    const Key = { pk: { S: pk }, sk: { S: sk } };
    if (item === 'deleted') await client.send(new DeleteItemCommand({ TableName, Key }));
    else await client.send(new PutItemCommand({ TableName, Item: { ...item, ...Key } }));
  }

  /** @returns the damage that undoes this one */
  async function damage(...all: Damage[]): Promise<Damage[]> {
    const undo: Damage[] = [];
    for (const [pk, sk, change] of all) {
      const Key = { pk: { S: pk }, sk: { S: sk } };
      const { Item: before } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      if (change === 'deleted' && !before) throw new Error(`the table has no item ${pk} ${sk}`);
      await write([pk, sk, change === 'deleted' ? change : { ...before, ...change }]);
      undo.push([pk, sk, before ?? 'deleted']);
    }
    return undo;
  }

  return {
    settings,
    store: openDynamodbStore(settings),
    async faultsAfter(...all) {
      const undo = await damage(...all);
      const { faults } = await auditDynamodb(settings);
      for (const previous of undo.toReversed()) await write(previous);
      return faults;
    },
    damage: async (...all) => void (await damage(...all)),
    close: () => client.destroy(),
  };
}
