import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from './authority/authority.ts';
import { standalone } from './authority/standalone.ts';
import { type Config, readConfig } from './config.ts';
import { DATABASE_FILE, ensureRootKey } from './data-dir.ts';
import { type Accounts, accounts } from './identity/accounts.ts';
import { directoryIdentity } from './identity/directory.ts';
import type { Identity } from './identity/identity.ts';
import { directoryTokens, type Tokens } from './identity/tokens.ts';
import { openSqliteStore } from './store/sqlite/sqlite.ts';
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
}

/**
 * Opens what the settings name.
 * @param now ms since 1970
 */
export function openServices(config: Config, now: () => number = Date.now): Services {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const rootKey = ensureRootKey(config.dataDir);
  const store = openSqliteStore(join(config.dataDir, DATABASE_FILE));
  return {
    config,
    now,
    store,
    identity: directoryIdentity(store.directory, { rootKey, now }),
    tokens: directoryTokens(store.directory, now),
    accounts: accounts(store.directory, { rootKey, now }),
    authority: standalone(store, { ...config, now }),
  };
}

let current: Services | undefined;

/** The services of this process, opened on first use. */
export function services(): Services {
  current ??= openServices(readConfig());
  return current;
}

/** Makes `opened` the services of this process: for who opens them itself, as the gateway does. */
export function useServices(opened: Services): void {
  current = opened;
}
