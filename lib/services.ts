import type { Authority } from './authority/authority.ts';
import { deleteDueKeys } from './authority/deletion.ts';
import { standalone } from './authority/standalone.ts';
import { upstream } from './authority/upstream.ts';
import { type AwsSettings, awsCall } from './aws/call.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { type Accounts, accounts } from './identity/accounts.ts';
import { directoryIdentity } from './identity/directory.ts';
import type { Identity } from './identity/identity.ts';
import { keystoneIdentity } from './identity/keystone.ts';
import { directoryTokens, type Tokens } from './identity/tokens.ts';
import { type RootKeys, secretRootKeys } from './root-keys.ts';
import { openDynamodbStore } from './store/dynamodb/dynamodb.ts';
import type { Store } from './store/store.ts';

/** Everything that a request needs, put together once a process from the settings. */
export interface Services {
  config: Config;
  now: () => number;
  store: Store;
  identity: Identity;
  tokens: Tokens;
  accounts: Accounts;
  authority: Authority;
  /** False where the KMS behind this service judges the caller's own token. */
  areRolesJudgedHere: boolean;
  /** Deletes the keys whose time has come. @returns how many went */
  deleteDueKeys(): Promise<number>;
}

/** Pages are ASCII: one byte a character as read, and two more once answered, as text and as bytes. */
const PAGE_CACHE_CHARS = 16 * 1024 * 1024;

/**
 * Puts the services together over an open store.
 * @param now ms since 1970
 */
export function assemble(config: Config, store: Store, rootKeys: RootKeys, now: () => number = Date.now): Services {
  const { upstream: cloud, keystone } = config;
  return {
    config,
    now,
    store,
    identity: keystone ? keystoneIdentity({ ...keystone, now }) : directoryIdentity(store.directory, { rootKeys, now }),
    tokens: directoryTokens(store.directory, now),
    accounts: accounts(store.directory, { rootKeys, now }),
    authority: cloud
      ? upstream(store, cloud, { now, isOneMachines: !config.dynamodb })
      : standalone(store, { ...config, pageCacheChars: config.dynamodb ? 0 : PAGE_CACHE_CHARS, now }),
    areRolesJudgedHere: cloud?.credentials !== 'caller',
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

/** Makes `opened` the services of this process: for who opens them itself, as the gateway of one machine does. */
export function useServices(opened: Services): void {
  current = opened;
}

/** DynamoDB and Secrets Manager. One machine's ways are in local/open.ts, so that no function carries them. */
function openDeployed(config: Config): Services {
  const { dynamodb, rootKeySecret } = config;
  if (!dynamodb) throw new ConfigError('STORE must be dynamodb: a function has no disk');
  return assemble(config, openDynamodbStore(dynamodb), rootKeysOf(dynamodb.aws, rootKeySecret));
}

/** Root keys from Secrets Manager. Some functions need none and may not read the secret: it is missed on first use. */
export function rootKeysOf(aws: AwsSettings, secretId: string | undefined): RootKeys {
  if (!secretId) return () => Promise.reject(new ConfigError('ROOT_KEY_SECRET must be set'));
  const call = awsCall(aws, { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' });
  return secretRootKeys(call, secretId);
}
