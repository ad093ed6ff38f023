/** Opens the services on one machine: over SQLite in the data folder, or over DynamoDB when the settings say so. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { refreshingCredentials } from '../lib/clients/credentials.ts';
import type { Config } from '../lib/config.ts';
import type { RootKeys } from '../lib/identity/root-keys.ts';
import type { Queue } from '../lib/queue/queue.ts';
import { sqsQueue } from '../lib/queue/sqs.ts';
import { createServices, enqueueOutboxMessage, rootKeysOf, type Services } from '../lib/services.ts';
import { ensureTable } from '../lib/store/dynamodb/create-table.ts';
import { type DynamodbOptions, type DynamodbSettings, openDynamodbStore } from '../lib/store/dynamodb/dynamodb.ts';
import { openSqlite } from '../lib/store/sqlite/sqlite.ts';
import type { Store } from '../lib/store/store.ts';
import { DATABASE_FILE, ensureRootKeys, QUEUE_FILE } from './data-dir.ts';

/** How long one question to SQS waits for work. */
const POLL_SECONDS = 5;

/**
 * @param options.now ms since 1970
 * @param options.tell has others told of a change; whoever works on the queue otherwise
 * @throws when the store cannot be used, with the reason
 */
export async function openServices(
  config: Config,
  { now, tell }: { now?: (() => number) | undefined; tell?: (() => Promise<void>) | undefined } = {},
): Promise<Services> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const rootKeys = openRootKeys(config);
  const credentials = config.upstream?.credentials ?? 'caller';
  // Those that cannot be read show now and not at the first request.
  if (credentials !== 'caller') await refreshingCredentials(credentials).current();
  const { store, queue } = await openStore(config, now);
  return createServices(config, {
    store,
    queue,
    rootKeys,
    now,
    tell: config.targets && (tell ?? (() => enqueueOutboxMessage(queue))),
  });
}

function openRootKeys({ dynamodb, rootKeySecret, dataDir }: Config): RootKeys {
  // What deployed functions are to open must be sealed under their root key, so on AWS a file will not do.
  if (dynamodb && (rootKeySecret || !dynamodb.endpoint)) return rootKeysOf(dynamodb.aws, rootKeySecret);
  const keys = ensureRootKeys(dataDir);
  return async () => keys;
}

async function openStore(
  { dynamodb, sqs, dataDir, targets }: Config,
  now: (() => number) | undefined,
): Promise<{ store: Store; queue: Queue }> {
  const hasOutbox = targets !== undefined;
  const polled = sqs && sqsQueue({ ...sqs, waitSeconds: POLL_SECONDS });
  if (!dynamodb) {
    const { store, queue } = openSqlite(join(dataDir, DATABASE_FILE), { hasOutbox, now });
    return { store, queue: polled ?? queue };
  }
  const store = await openTableStore({ ...dynamodb, hasOutbox });
  if (polled) return { store, queue: polled };
  // Work that waits is in a table of this machine then.
  const beside = openSqlite(join(dataDir, QUEUE_FILE), { now });
  return { store: { ...store, close: () => beside.store.close() }, queue: beside.queue };
}

async function openTableStore(dynamodb: DynamodbSettings & DynamodbOptions): Promise<Store> {
  const store = openDynamodbStore(dynamodb);
  try {
    if (dynamodb.endpoint) await ensureTable(dynamodb);
    // Anything may be asked: a table that is missing or not ours to read shows now and not at the first request.
    await store.idempotency.find('start', 0);
  } catch (error) {
    const { endpoint, aws, table } = dynamodb;
    const where = endpoint ? `DYNAMODB_ENDPOINT ${endpoint}` : `AWS_REGION ${aws.region}`;
    throw new Error(`Table ${table} at ${where} cannot be used. ${reasonsOf(error)}`, { cause: error });
  }
  return store;
}

/** What an error says, and what caused it. */
function reasonsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} ${reasonsOf(error.cause)}`;
}
