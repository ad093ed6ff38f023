/** The store engines that are compared with the model. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../lib/config.ts';
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../lib/store/store.ts';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';
import { auditDatabase } from '../support/oracles/sqlite.ts';

export interface Engine {
  name: string;
  /** Opens a new store. Its `close` audits index rows and counters. */
  open: () => Promise<Store>;
  /** The size that the service uses with this engine. */
  pageCacheChars: number;
}

export const SQLITE: Engine = { name: 'sqlite', open: openSqlite, pageCacheChars: 1_000_000 };

/** On the DynamoDB Local of this test run. */
export const DYNAMODB: Engine = { name: 'dynamodb', open: openDynamodb, pageCacheChars: 0 };

export const ENGINES: readonly Engine[] = [SQLITE, DYNAMODB];

/** Durability is not tested here, so a folder in memory, if there is one, saves the waits for the disk. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function openSqlite(): Promise<Store> {
  const folder = mkdtempSync(join(FOLDER, 'kms-grants-model-'));
  const path = join(folder, 'store.db');
  const store = openSqliteStore(path);
  return audited(store, () => {
    const faults = auditDatabase(path);
    rmSync(folder, { recursive: true });
    return faults;
  });
}

async function openDynamodb(): Promise<Store> {
  const [endpoint, table] = [dynamodbEndpoint(), freshTableName()];
  const { dynamodb } = parseConfig({ STORE: 'dynamodb', DYNAMODB_ENDPOINT: endpoint, TABLE: table });
  if (!dynamodb) throw new Error('parseConfig returned no settings for DynamoDB');
  await ensureTable(dynamodb);
  // Imported only here, because it loads AWS's own client, which tests on SQLite do not need.
  const { auditTable } = await import('../support/oracles/dynamodb.ts');
  return audited(openDynamodbStore(dynamodb), () => auditTable(endpoint, table));
}

function audited(store: Store, audit: () => string[] | Promise<string[]>): Store {
  return {
    ...store,
    async close() {
      await store.close();
      const faults = await audit();
      if (faults.length > 0) throw new Error(`the stored data is inconsistent:\n${faults.join('\n')}`);
    },
  };
}
