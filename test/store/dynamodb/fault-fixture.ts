/** A table that is reached through a DynamoDB on a bad day, and also directly. */
import { KmsError } from '../../../lib/errors.ts';
import { ensureTable } from '../../../lib/store/dynamodb/create-table.ts';
import { type DynamodbSettings, openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import type { Store } from '../../../lib/store/store.ts';
import { commitAll, createKey, testKey } from '../../contract/fixtures.ts';
import { dynamodbEndpoint, freshTableName } from '../../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../../support/fake-dynamodb.ts';
import { auditTable } from '../../support/oracles/dynamodb.ts';
import { type Item, scan } from '../../support/oracles/dynamodb-scan.ts';

const AWS = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };

export interface FaultyStore {
  /** Through the fake. */
  store: Store;
  /** Past it. */
  direct: Store;
  fake: FakeDynamodb;
  /** How `store` was opened. */
  settings: DynamodbSettings;
  /** All that is in the table. */
  items(): Promise<Item[]>;
  faults(): Promise<string[]>;
  stop(): Promise<void>;
}

/** A fresh table with the key number 1 of the contract's world in it. */
export async function openFaultyStore(): Promise<FaultyStore> {
  const table = freshTableName();
  const endpoint = dynamodbEndpoint();
  await ensureTable({ table, endpoint, aws: AWS });
  const fake = await startFakeDynamodb(endpoint);
  const direct = openDynamodbStore({ table, endpoint, aws: AWS });
  await commitAll(direct, [createKey(testKey(1))]);
  const settings = { table, endpoint: fake.endpoint, aws: AWS };
  return {
    store: openDynamodbStore(settings),
    direct,
    fake,
    settings,
    items: async () => (await scan(endpoint, table, AWS.region)).toSorted(byPlace),
    faults: () => auditTable(endpoint, table, AWS.region),
    stop: () => fake.stop(),
  };
}

const byPlace = (one: Item, other: Item) => (`${one.pk} ${one.sk}` < `${other.pk} ${other.sk}` ? -1 : 1);

export interface Ended {
  thrown: unknown;
  ms: number;
}

/** What the work throws, and after what time. */
export async function ended(work: () => Promise<unknown>): Promise<Ended> {
  const startedAtMs = performance.now();
  const thrown = await work().then(
    (value) => ({ nothing: value }),
    (error: unknown) => error,
  );
  return { thrown, ms: performance.now() - startedAtMs };
}

/** The code of a KmsError and what it and its causes say. */
export function toldBy(thrown: unknown): { code: string | undefined; told: string } {
  const messages: string[] = [];
  for (let error = thrown; error !== undefined; error = (error as Error).cause) messages.push(String(error));
  return { code: thrown instanceof KmsError ? thrown.code : undefined, told: messages.join('\n') };
}
