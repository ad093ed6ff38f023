/** The SCIM server, checked by two testers of others: scim2-tester (by scim2-cli) and scim-sanity. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';
import { Children } from './children.ts';
import { passedByRun } from './passed-by-run.ts';
import { SCIM_VARIABLE } from './scim.ts';

const TOKEN = 'token-of-the-scim-tester';

const children = new Children();
let dataDir: string;
let folder: string;
let service: ServiceProcess;

beforeAll(async () => {
  dataDir = newDataDir();
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-scim-'));
  const first = await startProcess(dataDir);
  const { project_id } = first.demo();
  await first.stop();
  const path = join(folder, 'hooks.json');
  const source = { kind: 'scim', secrets: [TOKEN], projects: [project_id], actions: ['principal.disabled'] };
  writeFileSync(path, JSON.stringify({ idp: { ...source, principal_attribute: true } }), { mode: 0o600 });
  service = await startProcess(dataDir, [], { HOOKS: `file:${path}` });
});
afterAll(async () => {
  children.endAll();
  await service?.stop();
  for (const each of [folder, dataDir]) rmSync(each, { recursive: true });
});

/** Runs a program of the Python environment. @returns its output */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { output } = await children.run(passedByRun(SCIM_VARIABLE), args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1', ...env },
  });
  return output;
}

test('every check of scim2-tester succeeds', async () => {
  const program = 'import sys; from scim2_cli import cli; sys.exit(cli())';
  const headers = { SCIM_CLI_HEADERS: `Authorization: Bearer ${TOKEN}` };
  const output = await run(['-c', program, '--url', `${service.url}/hooks/idp`, 'test', '--verbose'], headers);
  const results = [...output.matchAll(/^(SUCCESS|ERROR|CRITICAL|SKIPPED|DEVIATION|COMPLIANT|ACCEPTABLE)\b.*\n.*/gm)];
  expect(results.filter(([, status]) => status !== 'SUCCESS').map(([text]) => text)).toEqual([]);
  // Discovery, and for users and groups: create, read, list, selection of attributes, search, replace, delete, patch.
  expect(results.length).toBeGreaterThan(60);
});

test('every check of scim-sanity passes', async () => {
  const address = `${service.url}/hooks/idp/scim/v2`;
  const options = ['--token', TOKEN, '--i-accept-side-effects', '--json-output'];
  const output = await run(['-m', 'scim_sanity', 'probe', address, ...options]);
  const { results } = JSON.parse(output.slice(output.indexOf('{'))) as { results: { status: string; name: string }[] };
  const failed = results.filter(({ status }) => !['pass', 'skip'].includes(status));
  expect(failed).toEqual([]);
  // Checks of resources that are neither users nor groups are skipped.
  expect(results.filter(({ status }) => status === 'pass').length).toBeGreaterThanOrEqual(28);
});
