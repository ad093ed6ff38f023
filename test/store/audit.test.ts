import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { auditSqlite } from '../../lib/store/sqlite/audit.ts';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import { beBusy, fillDirectory, fillKeys } from './audit-history.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('x', async () => {
  const path = join(folder, 'a.db');
  const store = openSqliteStore(path);
  await fillDirectory(store);
  await fillKeys(store);
  console.log(auditSqlite(path));
  await beBusy(store, 60);
  console.log(
    auditSqlite(path),
    new Set((await store.events.list('a0000000000000000000000000000001', {}, 10000)).map((e) => e.action)),
  );
  await store.close();
  expect(1).toBe(1);
});
