/** The SQLite engine under every contract; after each test the file itself is audited. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../lib/store/store.ts';
import { directoryContract } from '../contract/directory.ts';
import { eventsContract } from '../contract/events.ts';
import { grantsContract } from '../contract/grants.ts';
import { seenContract } from '../contract/seen.ts';
import { auditDatabase } from './sqlite-audit.ts';

async function openStore(): Promise<Store> {
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

grantsContract(openStore);
eventsContract(openStore);
seenContract(openStore);
directoryContract(openStore);
