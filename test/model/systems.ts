/** The systems that are held against the model: a standalone authority over each engine there is. */
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
  /** A fresh store. Its `close` compares all that is counted and indexed with the keys, grants and events themselves. */
  open: () => Promise<Store>;
  /** As the service sets it for the engine. */
  pageCacheChars: number;
}

export const SQLITE: Engine = { name: 'sqlite', open: openSqlite, pageCacheChars: 1_000_000 };

/** On the DynamoDB Local of this run. */
export const DYNAMODB: Engine = { name: 'dynamodb', open: openDynamodb, pageCacheChars: 0 };

/** Another engine is one more entry. */
export const ENGINES: readonly Engine[] = [SQLITE, DYNAMODB];

/** Durability is not what is tried here, so where there is a folder in memory, no write waits for the disk. */
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
  if (!dynamodb) throw new Error('STORE=dynamodb gives no settings for DynamoDB');
  await ensureTable(dynamodb);
  // Loaded late: it brings AWS's own client, which tests on SQLite do without.
  const { auditTable } = await import('../support/oracles/dynamodb.ts');
  return audited(openDynamodbStore(dynamodb), () => auditTable(endpoint, table));
}

function audited(store: Store, audit: () => string[] | Promise<string[]>): Store {
  return {
    ...store,
    async close() {
      await store.close();
      const faults = await audit();
      if (faults.length > 0) throw new Error(`what is stored does not add up:\n${faults.join('\n')}`);
    },
  };
}
