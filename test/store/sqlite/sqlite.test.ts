/** The SQLite engine under every contract; after each test the file itself is audited. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import { directoryContract } from '../../contract/directory.ts';
import { eventsContract } from '../../contract/events.ts';
import { grantsContract } from '../../contract/grants.ts';
import { idempotencyContract } from '../../contract/idempotency.ts';
import { jobsContract } from '../../contract/jobs.ts';
import { mappingsContract } from '../../contract/mappings.ts';
import { outboxContract } from '../../contract/outbox.ts';
import { queueContract } from '../../contract/queue.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

grantsContract(openAuditedStore);
eventsContract(openAuditedStore);
idempotencyContract(openAuditedStore);
directoryContract(openAuditedStore);
jobsContract(openAuditedStore);
mappingsContract(openAuditedStore);
outboxContract(async () => openFile().store, openAuditedStore);
queueContract(async () => {
  const { store, queue } = openFile();
  return { queue, close: store.close };
});

/** A file of its own, opened with an outbox. */
function openFile() {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const { store, queue } = openSqlite(join(folder, 'store.db'), { hasOutbox: true });
  const close = async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  };
  return { store: { ...store, close } satisfies Store, queue };
}
