/** A table with something of every kind in it, for tests that damage it by hand, with AWS's own client. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { auditDynamodb } from '../../lib/store/dynamodb/audit.ts';
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { type DynamodbSettings, openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import type { Store } from '../../lib/store/store.ts';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';

type Attributes = Record<string, AttributeValue>;

export interface DamagedTable {
  settings: DynamodbSettings;
  store: Store;
  get(pk: string, sk: string): Promise<Attributes | undefined>;
  put(pk: string, sk: string, attributes: Attributes): Promise<void>;
  remove(pk: string, sk: string): Promise<void>;
  /** What the audit finds while the item is gone. */
  without(pk: string, sk: string): Promise<string[]>;
  /** What the audit finds while the item has these attributes too, or is there with them alone. */
  altered(pk: string, sk: string, attributes: Attributes): Promise<string[]>;
  close(): void;
}

export async function openTable(): Promise<DamagedTable> {
  const aws = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = { table: freshTableName(), endpoint: dynamodbEndpoint(), aws };
  await ensureTable(settings);
  const client = new DynamoDBClient({ endpoint: settings.endpoint, region: aws.region, credentials: aws });
  const TableName = settings.table;
  const keyOf = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });

  async function get(pk: string, sk: string) {
    return (await client.send(new GetItemCommand({ TableName, Key: keyOf(pk, sk), ConsistentRead: true }))).Item;
  }
  async function put(pk: string, sk: string, attributes: Attributes) {
    await client.send(new PutItemCommand({ TableName, Item: { ...attributes, ...keyOf(pk, sk) } }));
  }
  async function remove(pk: string, sk: string) {
    await client.send(new DeleteItemCommand({ TableName, Key: keyOf(pk, sk) }));
  }
  /** Audits between a change and its undoing. */
  async function during(pk: string, sk: string, change: (before: Attributes | undefined) => Promise<void>) {
    const before = await get(pk, sk);
    await change(before);
    const { faults } = await auditDynamodb(settings);
    if (before) await put(pk, sk, before);
    else await remove(pk, sk);
    return faults;
  }

  return {
    settings,
    store: openDynamodbStore(settings),
    get,
    put,
    remove,
    without: (pk, sk) =>
      during(pk, sk, async (before) => {
        if (!before) throw new Error(`there is no ${pk} ${sk}`);
        await remove(pk, sk);
      }),
    altered: (pk, sk, attributes) => during(pk, sk, (before) => put(pk, sk, { ...before, ...attributes })),
    close: () => client.destroy(),
  };
}
