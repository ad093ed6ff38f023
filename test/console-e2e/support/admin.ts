import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CHILD_ENV } from '../../support/process.ts';
import { type ConsoleService, startDemo } from './console.ts';

/** Starts the demo, and gives its administrator the role that administers users, access keys, sources and mappings. */
export async function startAdministered(): Promise<ConsoleService> {
  const service = await startDemo();
  const { demo, dataDir } = service;
  const user = demo.users.find(({ name }) => name === 'administrator')?.user_id ?? '';
  const args = ['add-role', '--user', user, '--project', demo.project_id, '--role', 'te_admin'];
  const env = { ...CHILD_ENV, DATA_DIR: dataDir };
  await promisify(execFile)(process.execPath, ['local/admin.ts', ...args], { env });
  return service;
}
