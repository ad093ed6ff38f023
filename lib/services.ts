// What a deployment does not use, its functions do not carry: package.json, `imports`; serverless.yml, `conditions`.
import { type Accounts, accounts } from '#accounts';
import { directoryAuthenticator } from '#directory';
import { keystoneAuthenticator } from '#keystone';
import { standalone } from '#standalone';
import { upstream } from '#upstream';
import type { Authority } from './authority/authority.ts';
import { deleteDueKeys } from './authority/standalone/key-deletion.ts';
import type { AwsSettings } from './clients/aws.ts';
import { readSecret } from './clients/secrets.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Authenticator } from './identity/authenticator.ts';
import { cachedRootKeys, type RootKeys } from './identity/root-keys.ts';
import { directoryTokens, type Tokens } from './identity/tokens.ts';
import { describeCause, logger } from './logger.ts';
import type { Queue } from './queue/queue.ts';
import { sqsQueue } from './queue/sqs.ts';
import { openDynamodbStore } from './store/dynamodb/dynamodb.ts';
import { withOutboxNotification } from './store/outbox-notification.ts';
import type { Store } from './store/store.ts';

/** Everything that a request needs, put together once a process from the settings. */
export interface Services {
  config: Config;
  now: () => number;
  store: Store;
  /** Work that waits for this process or another. */
  queue: Queue;
  authenticator: Authenticator;
  tokens: Tokens;
  accounts: Accounts;
  authority: Authority;
  /** False where the KMS behind this service judges the caller's own token. */
  checksRoles: boolean;
  /** Deletes the keys whose time has come. @returns how many went */
  deleteDueKeys(): Promise<number>;
}

/** Pages are ASCII: one byte a character as read, and two more once answered, as text and as bytes. */
const PAGE_CACHE_CHARS = 16 * 1024 * 1024;

/** What services are put together over. */
export interface ServiceParts {
  store: Store;
  queue: Queue;
  rootKeys: RootKeys;
  /** ms since 1970; the machine's own when left out */
  now?: (() => number) | undefined;
  /** Has others told of a change, where the store has an outbox. */
  tell?: (() => Promise<void>) | undefined;
}

/** Puts the services together. */
export function createServices(
  config: Config,
  { store: plain, queue, rootKeys, now = Date.now, tell }: ServiceParts,
): Services {
  const { upstream: cloud, keystone } = config;
  const store = tell ? withOutboxNotification(plain, tell) : plain;
  return {
    config,
    now,
    store,
    queue,
    authenticator: keystone
      ? keystoneAuthenticator({ ...keystone, now })
      : directoryAuthenticator(store.directory, { rootKeys, now }),
    tokens: directoryTokens(store.directory, now),
    accounts: accounts(store.directory, { rootKeys, now }),
    authority: cloud
      ? upstream(store, cloud, { now, isSingleHost: !config.dynamodb })
      : standalone(store, { ...config, pageCacheChars: config.dynamodb ? 0 : PAGE_CACHE_CHARS, now }),
    checksRoles: cloud?.credentials !== 'caller',
    // Another KMS deletes its own.
    deleteDueKeys: async () => (cloud ? 0 : deleteDueKeys(store.grants, now)),
  };
}

let current: Services | undefined;

/** The services of this process; on Lambda, where nobody has put them together, the deployed ones. */
export function services(): Services {
  current ??= openDeployed(readConfig());
  return current;
}

/** Makes `own` the services of this process: for who opens them itself, as the gateway of one machine does. */
export function useServices(own: Services): void {
  current = own;
}

/** Something more over the services, which few functions need: opened at the first call, and kept. */
export function opened<T>(open: (services: Services) => T): (services: Services) => T {
  const known = new WeakMap<Store, { value: T }>();
  return (services) => {
    const found = known.get(services.store) ?? { value: open(services) };
    known.set(services.store, found);
    return found.value;
  };
}

/** DynamoDB and Secrets Manager. One machine's ways are in local/open-services.ts, so that no function carries them. */
function openDeployed(config: Config): Services {
  const { dynamodb, rootKeySecret, sqs, targets } = config;
  if (!dynamodb) throw new ConfigError('STORE must be dynamodb: a function has no disk');
  if (!sqs) throw new ConfigError('QUEUE_URL must be set: a function has no table of its own');
  const queue = sqsQueue(sqs);
  return createServices(config, {
    store: openDynamodbStore({ ...dynamodb, hasOutbox: targets !== undefined }),
    queue,
    rootKeys: rootKeysOf(dynamodb.aws, rootKeySecret),
    tell: targets && (() => enqueueOutboxMessage(queue)),
  });
}

/** Has whoever works on the queue tell of a change. Where that fails it is told a minute later. */
export async function enqueueOutboxMessage(queue: Queue): Promise<void> {
  await queue
    .send({ kind: 'outbox' })
    .catch((error: unknown) => logger.warn('outbox', { cause: describeCause(error) }));
}

/** Root keys from Secrets Manager. Some functions need none and may not read the secret: it is missed on first use. */
export function rootKeysOf(aws: AwsSettings, secretId: string | undefined): RootKeys {
  if (!secretId) return () => Promise.reject(new ConfigError('ROOT_KEY_SECRET must be set'));
  return cachedRootKeys(() => readSecret({ kind: 'aws', secretId, aws }));
}
