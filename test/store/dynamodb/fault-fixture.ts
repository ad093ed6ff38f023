/** A table that is opened twice: through a fault proxy, and directly. */
import { KmsError } from '../../../lib/errors.ts';
import { ensureTable } from '../../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import type { DynamodbSettings } from '../../../lib/store/dynamodb/settings.ts';
import type { Store } from '../../../lib/store/store.ts';
import { commitAll, createKey, testKey } from '../../contract/fixtures.ts';
import { dynamodbEndpoint, freshTableName } from '../../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../../support/fake-dynamodb.ts';
import { auditTable } from '../../support/oracles/dynamodb.ts';
import { type Item, scan } from '../../support/oracles/dynamodb-scan.ts';

const AWS = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' };

export interface FaultyStore {
  /** The store through the fault proxy. */
  store: Store;
  /** The same store without the fault proxy. */
  direct: Store;
  fake: FakeDynamodb;
  /** The settings of `store`. */
  settings: DynamodbSettings;
  /** Reads all items of the table. */
  items(): Promise<Item[]>;
  /** Audits the table. @returns what is wrong in it */
  faults(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Opens a new table that contains the fixture key 1. */
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
    items: async () => (await scan(endpoint, table, AWS.region)).toSorted(byKey),
    faults: () => auditTable(endpoint, table, AWS.region),
    stop: () => fake.stop(),
  };
}

const byKey = (a: Item, b: Item) => (`${a.pk} ${a.sk}` < `${b.pk} ${b.sk}` ? -1 : 1);

interface Failure {
  thrown: unknown;
  durationMs: number;
}

/** Returns what the work throws and how long it took. */
export async function failureOf(work: () => Promise<unknown>): Promise<Failure> {
  const startedAtMs = performance.now();
  const thrown = await work().then(
    (value) => ({ resolvedWith: value }),
    (error: unknown) => error,
  );
  return { thrown, durationMs: performance.now() - startedAtMs };
}

/** Returns the code of a KmsError and the messages of it and its causes. */
export function codeAndMessages(thrown: unknown): { code: string | undefined; messages: string } {
  const lines: string[] = [];
  for (let error = thrown; error !== undefined; error = (error as Error).cause) lines.push(String(error));
  return { code: thrown instanceof KmsError ? thrown.code : undefined, messages: lines.join('\n') };
}
