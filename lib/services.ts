// A deployed function bundles only the modules that its settings use; stubs replace the others (lib/stubs.ts).
import { type Accounts, accounts } from '#accounts';
import { directoryAuthenticator } from '#directory';
import { keystoneAuthenticator } from '#keystone';
import { standalone } from '#standalone';
import { upstream } from '#upstream';
import type { Authority } from './authority/authority.ts';
import type { AwsSettings } from './clients/aws.ts';
import { useProxies } from './clients/connections.ts';
import { readSecret } from './clients/secrets.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Authenticator } from './identity/authenticator.ts';
import { cachedRootKeys, type RootKeys } from './identity/root-keys.ts';
import { describeCause, logger } from './logger.ts';
import type { Queue } from './queue/queue.ts';
import { sqsQueue } from './queue/sqs.ts';
import { openDynamodbStore } from './store/dynamodb/dynamodb.ts';
import { withOutboxNotification } from './store/outbox-notification.ts';
import type { Store } from './store/store.ts';
import { deployedSettings, useReceiverServices } from './webhooks/inbound/services.ts';

/** Everything that handlers need, created once per process from the settings. */
export interface Services {
  config: Config;
  now: () => number;
  store: Store;
  queue: Queue;
  authenticator: Authenticator;
  accounts: Accounts;
  authority: Authority;
  /** False where the upstream checks the caller's own token and role. */
  checksRoles: boolean;
}

/**
 * Pages are ASCII, one byte a character. A page that was sent takes three times as much: page, reply text, reply
 * bytes.
 */
const PAGE_CACHE_CHARS = 16 * 1024 * 1024;

/** The parts that services are created from. */
interface ServiceParts {
  store: Store;
  queue: Queue;
  rootKeys: RootKeys;
  /** ms since 1970; the system clock when absent */
  now?: (() => number) | undefined;
  /** Called after each change, where the store has an outbox. */
  notifyOutbox?: (() => Promise<void>) | undefined;
}

export function createServices(
  config: Config,
  { store: plainStore, queue, rootKeys, now = Date.now, notifyOutbox }: ServiceParts,
): Services {
  const { upstream: upstreamSettings, keystone } = config;
  const store = notifyOutbox ? withOutboxNotification(plainStore, notifyOutbox) : plainStore;
  return {
    config,
    now,
    store,
    queue,
    authenticator: keystone
      ? keystoneAuthenticator({ ...keystone, now })
      : directoryAuthenticator(store.directory, { rootKeys, now }),
    accounts: accounts(store.directory, { rootKeys, now }),
    authority: upstreamSettings
      ? upstream(store, upstreamSettings, { now, isSingleHost: !config.dynamodb })
      : standalone(store, { ...config, pageCacheChars: config.dynamodb ? 0 : PAGE_CACHE_CHARS, now }),
    checksRoles: upstreamSettings?.credentials !== 'caller',
  };
}

let current: Services | undefined;

/** Returns the services that all requests of this process use. On Lambda the first call creates them. */
export function services(): Services {
  current ??= openDeployed(readConfig());
  return current;
}

/** Sets the services of this process, for a process that creates them itself as the local service does. */
export function useServices(services: Services): void {
  current = services;
  useReceiverServices(services);
}

/** The local counterpart is local/open-services.ts, which no function bundles. */
function openDeployed(config: Config): Services {
  const { rootKeySecret, targets } = config;
  useProxies(config.proxies);
  const { dynamodb, sqs } = deployedSettings(config);
  const queue = sqsQueue(sqs);
  return createServices(config, {
    store: openDynamodbStore({ ...dynamodb, hasOutbox: targets !== undefined }),
    queue,
    rootKeys: rootKeysOf(dynamodb.aws, rootKeySecret),
    notifyOutbox: targets && (() => enqueueOutboxMessage(queue)),
  });
}

/** Enqueues a message that makes the worker drain the outbox. If that fails, find-lost-work does it a minute later. */
export async function enqueueOutboxMessage(queue: Queue): Promise<void> {
  await queue
    .send({ kind: 'outbox' })
    .catch((error: unknown) => logger.warn('outbox', { cause: describeCause(error) }));
}

/** Root keys from Secrets Manager. Functions that need none may not read the secret, so it is read on first use. */
export function rootKeysOf(aws: AwsSettings, secretId: string | undefined): RootKeys {
  if (!secretId) return () => Promise.reject(new ConfigError('ROOT_KEY_SECRET must be set'));
  return cachedRootKeys(() => readSecret({ kind: 'aws', secretId, aws }));
}
