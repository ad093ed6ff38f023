/** Options for a backend that signs with its own AK/SK at the upstream. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoUser } from '../../local/demo.ts';
import { CHILD_ENV } from '../support/process.ts';
import type { UpstreamFixture, UpstreamFixtureOptions } from './fixture.ts';

export interface AccessKey {
  access_key: string;
  secret_key: string;
}

export interface Service {
  /** For `openUpstreamFixture`. The proxy forwards the bodies unchanged, because they are signed. */
  options: UpstreamFixtureOptions;
  /** Writes the file with the credentials: an access key, or any other text. */
  write(content: AccessKey | string): void;
}

/** Returns the options; the file contains the access key of the demo's creator at first. */
export function service(env: Record<string, string> = {}): Service {
  let path = '';
  const write: Service['write'] = (content) => {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  };
  return {
    options: {
      keepsSequence: true,
      env({ users: [creator] }, folder) {
        path = join(folder, 'credentials.json');
        const { access_key, secret_key } = creator as DemoUser;
        write({ access_key, secret_key });
        return { KMS_CREDENTIALS: `file:${path}`, ...env };
      },
    },
    write,
  };
}

/** Runs an admin command on the data folder of the upstream. @returns its JSON output */
export async function admin({ upstreamDir }: UpstreamFixture, ...args: string[]): Promise<Record<string, string>> {
  const env = { ...CHILD_ENV, DATA_DIR: upstreamDir };
  const { stdout } = await promisify(execFile)(process.execPath, ['local/admin.ts', ...args, '--json'], { env });
  return JSON.parse(stdout);
}

export async function newAccessKey(fixture: UpstreamFixture, { user_id }: DemoUser): Promise<AccessKey> {
  const { access_key = '', secret_key = '' } = await admin(fixture, 'create-access-key', '--user', user_id);
  return { access_key, secret_key };
}

export async function disableAccessKey(fixture: UpstreamFixture, { access_key }: AccessKey): Promise<void> {
  await admin(fixture, 'disable-access-key', '--access-key', access_key);
}
