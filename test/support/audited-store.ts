/** A store of a test's own, whose counters and index rows are compared with its keys and grants when it is closed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../lib/store/store.ts';
import { auditTable } from './oracles/dynamodb.ts';
import { auditDatabase } from './oracles/sqlite.ts';
import { storeSettings } from './store.ts';

/** On SQLite; in the jest project `dynamodb` on DynamoDB Local. */
export async function openAuditedStore(): Promise<Store> {
  const { dynamodb } = parseConfig(storeSettings());
  if (!dynamodb) return openFile();
  await ensureTable(dynamodb);
  const store = openDynamodbStore(dynamodb);
  return {
    ...store,
    async close() {
      await store.close();
      expect(await auditTable(dynamodb.endpoint ?? '', dynamodb.table)).toEqual([]);
    },
  };
}

function openFile(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const path = join(folder, 'store.db');
  const store = openSqliteStore(path);
  return {
    ...store,
    async close() {
      await store.close();
      const faults = auditDatabase(path);
      rmSync(folder, { recursive: true });
      expect(faults).toEqual([]);
    },
  };
}
