/** The SQLite engine under every contract; after each test the file itself is audited. */
import { directoryContract } from '../contract/directory.ts';
import { eventsContract } from '../contract/events.ts';
import { grantsContract } from '../contract/grants.ts';
import { seenContract } from '../contract/seen.ts';
import { openAuditedStore } from '../support/audited-store.ts';

grantsContract(openAuditedStore);
eventsContract(openAuditedStore);
seenContract(openAuditedStore);
directoryContract(openAuditedStore);
