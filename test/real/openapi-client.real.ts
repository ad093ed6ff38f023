/** A client that a generator makes from the OpenAPI document. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { newDataDir, startProcess } from '../support/process.ts';
import { ORVAL_VARIABLE } from './orval.ts';
import { passedByRun } from './passed-by-run.ts';

test('a client that orval generates from the document compiles, lists the grants of a key and revokes one', async () => {
  const dataDir = newDataDir();
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-client-'));
  const service = await startProcess(dataDir);
  try {
    const output = { target: './client.ts', client: 'fetch', mode: 'single', baseUrl: service.url };
    const config = { kms: { input: `${service.url}/openapi.json`, output } };
    writeFileSync(join(folder, 'orval.config.mjs'), `export default ${JSON.stringify(config)};\n`);
    writeFileSync(join(folder, 'use.ts'), USE);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    runIn(folder, passedByRun(ORVAL_VARIABLE), ['--config', 'orval.config.mjs']);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--module', 'nodenext'];
    const compile = [...options, '--lib', 'es2024,dom,dom.iterable', '--allowImportingTsExtensions', 'use.ts'];
    runIn(folder, resolve('node_modules/.bin/tsc'), compile);
    const { project_id, users, grants } = service.demo();
    const [creator] = users;
    const argument = { project_id, user_id: creator?.user_id, password: creator?.password, ...grants[0] };
    const used = JSON.parse(runIn(folder, process.execPath, ['use.ts', JSON.stringify(argument)]));
    expect(used).toEqual({
      before: grants.filter(({ key_id }) => key_id === grants[0]?.key_id).length,
      revoked: {},
      after: used.before - 1,
    });
  } finally {
    await service.stop();
    for (const each of [folder, dataDir]) rmSync(each, { recursive: true });
  }
}, 240_000);

/** What a developer would write with the client. */
const USE = `
import { createToken, listGrants, revokeGrant } from './client.ts';

declare const process: { argv: string[] };

const { project_id, user_id, password, key_id, grant_id } = JSON.parse(process.argv[2] ?? '');
const login = await createToken({
  auth: {
    identity: { methods: ['password'], password: { user: { id: user_id, password } } },
    scope: { project: { id: project_id } },
  },
});
const headers = { 'X-Auth-Token': login.headers.get('x-subject-token') ?? '' };
async function total(): Promise<number> {
  const { status, data } = await listGrants(project_id, { key_id }, { headers });
  if (status !== 200) throw new Error(JSON.stringify(data));
  return data.total;
}
const before = await total();
const revoked = await revokeGrant(project_id, { key_id, grant_id }, { headers });
console.log(JSON.stringify({ before, revoked: revoked.data, after: await total() }));
`;

function runIn(cwd: string, command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
  return stdout;
}
