/**
 * The SQLite engine under every contract. Each test's file is audited after the test.
 * Also tests: lib/store/, lib/domain/.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../../lib/store/sqlite/sqlite.ts';
import { directoryContract } from '../../contract/directory.ts';
import { eventsContract } from '../../contract/events.ts';
import { grantsContract } from '../../contract/grants.ts';
import { idempotencyContract } from '../../contract/idempotency.ts';
import { jobsContract } from '../../contract/jobs.ts';
import { longListsContract } from '../../contract/long-lists.ts';
import { mappingsContract } from '../../contract/mappings.ts';
import { outboxContract } from '../../contract/outbox.ts';
import { queueContract } from '../../contract/queue.ts';
import { scimContract } from '../../contract/scim.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

grantsContract(openAuditedStore);
longListsContract(openAuditedStore);
eventsContract(openAuditedStore);
idempotencyContract(openAuditedStore);
directoryContract(openAuditedStore);
jobsContract(openAuditedStore);
mappingsContract(openAuditedStore);
scimContract(openAuditedStore);
outboxContract(() => openAuditedStore({ hasOutbox: true }), openAuditedStore);
queueContract(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const { store, queue } = openSqlite(join(folder, 'store.db'));
  return {
    queue,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
