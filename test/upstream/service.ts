/** The backend with credentials of its own at the cloud. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoUser } from '../../local/demo.ts';
import type { World, WorldOptions } from './fixture.ts';

export interface AccessKey {
  access_key: string;
  secret_key: string;
}

export interface Service {
  /** For `openWorld`. The bodies stay as they are, for they are signed. */
  options: WorldOptions;
  /** Writes the credentials' file: a key, or any other text. */
  write(content: AccessKey | string): void;
}

/** The user whose access key is in the file at the start is the demo's creator. */
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

/** At the cloud, as its administrator does it. */
export async function admin({ cloudDir }: World, ...args: string[]): Promise<Record<string, string>> {
  const env = { PATH: process.env['PATH'], DATA_DIR: cloudDir };
  const { stdout } = await promisify(execFile)(process.execPath, ['local/admin.ts', ...args, '--json'], { env });
  return JSON.parse(stdout);
}

export async function newAccessKey(world: World, { user_id }: DemoUser): Promise<AccessKey> {
  const { access_key = '', secret_key = '' } = await admin(world, 'create-access-key', '--user', user_id);
  return { access_key, secret_key };
}

export async function disableAccessKey(world: World, { access_key }: AccessKey): Promise<void> {
  await admin(world, 'disable-access-key', '--access-key', access_key);
}
