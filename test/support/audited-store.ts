/** A store for one test. When it closes, its counters and index rows are compared with its keys and grants. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import type { DynamodbSettings } from '../../lib/store/dynamodb/settings.ts';
import { openSqlite } from '../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../lib/store/store.ts';
import { auditDatabase } from './oracles/sqlite.ts';
import { storeSettings } from './store.ts';
import { dynamodbRows, sqliteRows } from './stored-rows.ts';

export interface TestStore extends Store {
  /** @returns every stored row: equal before and after a call that wrote nothing */
  rows(): Promise<object>;
}

interface Options {
  hasOutbox?: boolean;
}

/** Opens a store on SQLite, or on DynamoDB Local in the jest projects on DynamoDB. */
export async function openAuditedStore(options: Options = {}): Promise<TestStore> {
  const { dynamodb } = parseConfig(storeSettings());
  return dynamodb ? openTable(dynamodb, options) : openFile(options);
}

async function openTable(settings: DynamodbSettings, options: Options): Promise<TestStore> {
  await ensureTable(settings);
  const store = openDynamodbStore({ ...settings, ...options });
  return {
    ...store,
    rows: () => dynamodbRows(settings),
    async close() {
      await store.close();
      // It loads AWS's client, which is large.
      const { auditTable } = await import('./oracles/dynamodb.ts');
      expect(await auditTable(settings.endpoint ?? '', settings.table)).toEqual([]);
    },
  };
}

function openFile(options: Options): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const path = join(folder, 'store.db');
  const { store } = openSqlite(path, options);
  return {
    ...store,
    rows: async () => sqliteRows(path),
    async close() {
      await store.close();
      const faults = auditDatabase(path);
      rmSync(folder, { recursive: true });
      expect(faults).toEqual([]);
    },
  };
}
