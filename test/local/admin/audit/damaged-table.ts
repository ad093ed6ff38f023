/** A table with something of every kind in it, for tests that damage it by hand, with AWS's own client. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ensureTable } from '../../../../lib/store/dynamodb/create-table.ts';
import { type DynamodbSettings, openDynamodbStore } from '../../../../lib/store/dynamodb/dynamodb.ts';
import type { Store } from '../../../../lib/store/store.ts';
import { auditDynamodb } from '../../../../local/admin/audit/dynamodb.ts';
import { dynamodbEndpoint, freshTableName } from '../../../support/dynamodb.ts';

type Attributes = Record<string, AttributeValue>;

/** An item, and what is done to it: attributes put in it, or in a new one; or its end. */
export type Damage = [pk: string, sk: string, change: Attributes | 'gone'];

export interface DamagedTable {
  settings: DynamodbSettings;
  store: Store;
  /** What the audit finds after all of this. Then everything is put back. */
  faultsAfter(...damage: Damage[]): Promise<string[]>;
  damage(...damage: Damage[]): Promise<void>;
  close(): void;
}

/** A fresh table. */
export async function openTable(): Promise<DamagedTable> {
  const aws = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = { table: freshTableName(), endpoint: dynamodbEndpoint(), aws };
  await ensureTable(settings);
  const client = new DynamoDBClient({ endpoint: settings.endpoint, region: aws.region, credentials: aws });
  const TableName = settings.table;

  async function write([pk, sk, item]: Damage): Promise<void> {
    const Key = { pk: { S: pk }, sk: { S: sk } };
    if (item === 'gone') await client.send(new DeleteItemCommand({ TableName, Key }));
    else await client.send(new PutItemCommand({ TableName, Item: { ...item, ...Key } }));
  }

  /** @returns the items as they were */
  async function damage(...all: Damage[]): Promise<Damage[]> {
    const befores: Damage[] = [];
    for (const [pk, sk, change] of all) {
      const Key = { pk: { S: pk }, sk: { S: sk } };
      const { Item: before } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      if (change === 'gone' && !before) throw new Error(`there is no ${pk} ${sk}`);
      await write([pk, sk, change === 'gone' ? change : { ...before, ...change }]);
      befores.push([pk, sk, before ?? 'gone']);
    }
    return befores;
  }

  return {
    settings,
    store: openDynamodbStore(settings),
    async faultsAfter(...all) {
      const befores = await damage(...all);
      const { faults } = await auditDynamodb(settings);
      for (const before of befores.toReversed()) await write(before);
      return faults;
    },
    damage: async (...all) => void (await damage(...all)),
    close: () => client.destroy(),
  };
}
