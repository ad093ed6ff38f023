/**
 * The DynamoDB engine under every contract except that of long lists, on DynamoDB Local. Each test's table is audited
 * after the test.
 * Also tests: lib/store/dynamodb/.
 */
import { directoryContract } from '../../contract/directory.ts';
import { eventsContract } from '../../contract/events.ts';
import { grantsContract } from '../../contract/grants.ts';
import { idempotencyContract } from '../../contract/idempotency.ts';
import { jobsContract } from '../../contract/jobs.ts';
import { mappingsContract } from '../../contract/mappings.ts';
import { outboxContract } from '../../contract/outbox.ts';
import { scimContract } from '../../contract/scim.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

grantsContract(openAuditedStore);
eventsContract(openAuditedStore);
idempotencyContract(openAuditedStore);
directoryContract(openAuditedStore);
jobsContract(openAuditedStore);
mappingsContract(openAuditedStore);
scimContract(openAuditedStore);
outboxContract(() => openAuditedStore({ hasOutbox: true }), openAuditedStore);
