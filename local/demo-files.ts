/** The files of the demo in the data folder. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../lib/config.ts';

interface DemoFiles {
  /** Ids and credentials. */
  demo: string;
  /** The login request for the curl command of the first start. As a file, no terminal or log shows the password. */
  login: string;
  /** A document for HOOKS with a chat source, so that the chat command works without any set-up. */
  hooks: string;
}

const SQLITE: DemoFiles = { demo: 'demo.json', login: 'demo-login.json', hooks: 'demo-hooks.json' };
export const SQLITE_DEMO_FILES: readonly string[] = Object.values(SQLITE);

/**
 * Returns the names of the demo's files. Each table has files of its own, so that no demo overwrites the credentials of
 * another. Their names have a hash, because an endpoint or a table may have a name that is too long for a file.
 */
export function demoFiles({ dynamodb }: Pick<Config, 'dynamodb'>): DemoFiles {
  if (!dynamodb) return SQLITE;
  const id = createHash('sha256').update(`${dynamodb.endpoint} ${dynamodb.table}`).digest('hex').slice(0, 8);
  const name = `demo-dynamodb-${id}`;
  return { demo: `${name}.json`, login: `${name}-login.json`, hooks: `${name}-hooks.json` };
}

/** Returns the settings with the demo's chat source where HOOKS is not set and the data folder has a demo. */
export function withDemoHooks(config: Config): Config {
  const path = join(config.dataDir, demoFiles(config).hooks);
  const mayHaveDemo = !config.upstream && !config.keystone && (!config.dynamodb || config.dynamodb.endpoint);
  return config.hooks || !mayHaveDemo || !existsSync(path) ? config : { ...config, hooks: { kind: 'file', path } };
}
