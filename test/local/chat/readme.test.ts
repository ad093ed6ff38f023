/** From an empty folder to a revoked grant, with the command lines of README.md as they stand there. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';

let dataDir: string;
let service: ServiceProcess;
beforeAll(async () => {
  dataDir = newDataDir();
  service = await startProcess(dataDir);
});
afterAll(async () => {
  await service.stop();
  rmSync(dataDir, { recursive: true });
});

const [list = '', revoke = '', ...more] = readFileSync('README.md', 'utf8').match(/^npm run -s chat -- .*$/gm) ?? [];

/** Runs a command line as a shell does. The service of the test has a port and a folder of its own. */
async function run(line: string, GRANT = ''): Promise<string> {
  const env = { ...CHILD_ENV, HOME: dataDir, PORT: new URL(service.url).port, DATA_DIR: dataDir, GRANT };
  return (await promisify(execFile)('sh', ['-c', line], { env })).stdout;
}

test('the chat commands of the quick start show a grant, preview its revocation and revoke it', async () => {
  expect(more).toEqual([]);
  const grantId = service.demo().grants[1]?.grant_id ?? '';
  expect(await run(list)).toContain(grantId);
  const preview = await run(revoke, grantId);
  expect(preview).toContain('Revoke 1 grant?');
  expect(await run(list)).toContain(grantId);
  const [confirm = ''] = /npm run -s chat -- .*confirm [0-9a-f]{32}/.exec(preview) ?? [];

  expect(await run(confirm)).toContain('Revoked 1 grant');
  expect(await run(list)).not.toContain(grantId);
});

test('the chat command that the first start prints works in a shell that knows no settings', async () => {
  const [printed = ''] = service.output().match(/^.*npm run -s chat -- --as .*$/m) ?? [];
  const env = { ...CHILD_ENV, HOME: dataDir };
  expect((await promisify(execFile)('sh', ['-c', printed], { env })).stdout).toContain('Grants on orders');
});
