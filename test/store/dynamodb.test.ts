/** The DynamoDB engine under every contract, on DynamoDB Local; after each test the table itself is audited. */
import { directoryContract } from '../contract/directory.ts';
import { eventsContract } from '../contract/events.ts';
import { grantsContract } from '../contract/grants.ts';
import { seenContract } from '../contract/seen.ts';
import { openAuditedStore } from '../support/audited-store.ts';

grantsContract(openAuditedStore);
eventsContract(openAuditedStore);
seenContract(openAuditedStore);
directoryContract(openAuditedStore);
