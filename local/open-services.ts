/** Opens the services on one machine, with SQLite in the data folder or with DynamoDB. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { useProxies } from '../lib/clients/connections.ts';
import { refreshingCredentials } from '../lib/clients/credentials.ts';
import type { Config } from '../lib/config.ts';
import type { RootKeys } from '../lib/identity/root-keys.ts';
import type { Queue } from '../lib/queue/queue.ts';
import { sqsQueue } from '../lib/queue/sqs.ts';
import { createServices, enqueueOutboxMessage, rootKeysOf, type Services } from '../lib/services.ts';
import { ensureTable } from '../lib/store/dynamodb/create-table.ts';
import { type DynamodbOptions, openDynamodbStore } from '../lib/store/dynamodb/dynamodb.ts';
import type { DynamodbSettings } from '../lib/store/dynamodb/settings.ts';
import { openSqlite } from '../lib/store/sqlite/sqlite.ts';
import type { Store } from '../lib/store/store.ts';
import { DATABASE_FILE, ensureRootKeys, QUEUE_FILE } from './data-dir.ts';

/** Long polling: one call to SQS waits this long for messages. */
const POLL_SECONDS = 5;

/**
 * Opens the store, the queue and the services over them.
 * @param options.now returns ms since 1970
 * @param options.notifyOutbox starts the delivery of new events; by default, a message on the queue does
 * @throws Error when the store or the upstream credentials cannot be used, with the reason
 */
export async function openServices(
  config: Config,
  { now, notifyOutbox }: { now?: (() => number) | undefined; notifyOutbox?: (() => Promise<void>) | undefined } = {},
): Promise<Services> {
  useProxies(config.proxies);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const rootKeys = await openRootKeys(config);
  const credentials = config.upstream?.credentials ?? 'caller';
  // Unreadable credentials abort the start instead of failing the first request.
  if (credentials !== 'caller') await refreshingCredentials(credentials).current();
  const { store, queue } = await openStore(config, now);
  return createServices(config, {
    store,
    queue,
    rootKeys,
    now,
    notifyOutbox: config.targets && (notifyOutbox ?? (() => enqueueOutboxMessage(queue))),
  });
}

async function openRootKeys({ dynamodb, rootKeySecret, dataDir }: Config): Promise<RootKeys> {
  // Deployed functions use the root key in Secrets Manager, so with a table on AWS a key file would not match.
  if (dynamodb && (rootKeySecret || !dynamodb.endpoint)) return rootKeysOf(dynamodb.aws, rootKeySecret);
  const keys = await ensureRootKeys(dataDir);
  return async () => keys;
}

async function openStore(
  { dynamodb, sqs, dataDir, targets }: Config,
  now: (() => number) | undefined,
): Promise<{ store: Store; queue: Queue }> {
  const hasOutbox = targets !== undefined;
  const sharedQueue = sqs && sqsQueue({ ...sqs, waitSeconds: POLL_SECONDS });
  if (!dynamodb) {
    const { store, queue } = openSqlite(join(dataDir, DATABASE_FILE), { hasOutbox, now });
    return { store, queue: sharedQueue ?? queue };
  }
  const store = await openTableStore({ ...dynamodb, hasOutbox });
  if (sharedQueue) return { store, queue: sharedQueue };
  // Without SQS the queue is a file on this machine.
  const queueFile = openSqlite(join(dataDir, QUEUE_FILE), { now });
  return { store: { ...store, close: () => queueFile.store.close() }, queue: queueFile.queue };
}

async function openTableStore(dynamodb: DynamodbSettings & DynamodbOptions): Promise<Store> {
  const store = openDynamodbStore(dynamodb);
  try {
    if (dynamodb.endpoint) await ensureTable(dynamodb);
    // Any read will do: a missing or forbidden table aborts the start instead of failing the first request.
    await store.idempotency.find('start', 0);
  } catch (error) {
    const { endpoint, aws, table } = dynamodb;
    const location = endpoint ? `DYNAMODB_ENDPOINT ${endpoint}` : `AWS_REGION ${aws.region}`;
    throw new Error(`Table ${table} at ${location} cannot be used. ${messagesOf(error)}`, { cause: error });
  }
  return store;
}

/** The messages of an error and of its causes. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} ${messagesOf(error.cause)}`;
}
