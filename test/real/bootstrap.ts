/** Creates a Keystone database with an administrator. Every Keystone of the tests starts with a copy of it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';

/** What a test needs to start a Keystone. `run.ts` passes it in the environment variable TEMPLATE_VARIABLE. */
export interface Template {
  /** Path of the Python in which Keystone is installed. */
  python: string;
  /** The folder with the database and the configuration. */
  folder: string;
  adminPassword: string;
}

export const TEMPLATE_VARIABLE = 'KEYSTONE_TEMPLATE';
export const DATABASE = 'keystone.db';

const MANAGE = 'from keystone.cmd.manage import main; main()';

/**
 * Writes a Keystone configuration into the folder.
 * @param tokenSeconds lifetime of tokens
 * @returns the path of the file
 */
export function writeConfiguration(folder: string, tokenSeconds = 3600): string {
  const file = join(folder, 'keystone.conf');
  const tokenKeys = join(folder, 'token-keys');
  writeTokenKeys(tokenKeys);
  const lines = [
    '[DEFAULT]',
    'use_stderr = true',
    '[database]',
    `connection = sqlite:///${join(folder, DATABASE)}`,
    '[token]',
    'provider = fernet',
    `expiration = ${tokenSeconds}`,
    '[fernet_tokens]',
    `key_repository = ${tokenKeys}`,
    '[fernet_receipts]',
    `key_repository = ${tokenKeys}`,
    '[identity]',
    // The minimum that Keystone accepts, for fast logins.
    'password_hash_rounds = 4',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/**
 * Writes new keys for tokens, so that a token of one Keystone is invalid at another.
 * Source: Fernet specification, "Key Format"; Keystone, "Fernet - Frequently Asked Questions".
 */
function writeTokenKeys(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  for (const name of ['0', '1']) {
    const key = randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    writeFileSync(join(folder, name), key, { mode: 0o600 });
  }
}

export async function bootstrap(children: Children, python: string, folder: string): Promise<Template> {
  const adminPassword = randomBytes(18).toString('base64url');
  mkdirSync(folder);
  const configuration = writeConfiguration(folder);
  const steps: [string, NodeJS.ProcessEnv][] = [
    ['db_sync', {}],
    ['bootstrap', { OS_BOOTSTRAP_PASSWORD: adminPassword }],
  ];
  for (const [step, env] of steps) {
    const { code, output } = await children.run(python, ['-c', MANAGE, '--config-file', configuration, step], {
      env: { ...process.env, ...env },
    });
    if (code !== 0) throw new Error(`keystone-manage ${step} failed:\n${output}`);
  }
  return { python, folder, adminPassword };
}
