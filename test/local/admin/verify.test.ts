/** `npm run admin -- verify` with SQLite, as a process of its own, while a service uses the same data folder. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

function verify(...args: string[]) {
  const env = { ...CHILD_ENV, DATA_DIR: dataDir };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['local/admin.ts', 'verify', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

function change(statement: string): void {
  const db = new DatabaseSync(join(dataDir, 'kms-grants.db'));
  db.exec(statement);
  db.close();
}

test('of an intact database it prints the counts and "no drift", and exits with 0', async () => {
  const out = 'projects  1\nkeys      2\ngrants    5\nevents    7\n\nno drift\n';
  expect(await verify()).toEqual({ code: 0, out, err: '' });
});

test('with --json it prints the counts and an empty drift list', async () => {
  const { code, out, err } = await verify('--json');
  expect([code, err]).toEqual([0, 'no drift\n']);
  expect(JSON.parse(out)).toEqual({ projects: 1, keys: 2, grants: 5, events: 7, unsettled: 0, drift: [] });
});

test('of a database with drift it prints each fault on a line and exits with 1; after a repair it exits with 0', async () => {
  const { project_id: project, keys } = service.demo();
  const where = `project_id = '${project}' AND key_id = '${keys[0]?.key_id}'`;
  const fault = `grant_count of keys project_id=${project} key_id=${keys[0]?.key_id} is 4, should be 3`;
  change(`UPDATE keys SET grant_count = 4 WHERE ${where}`);
  const text = await verify();
  const json = await verify('--json');
  change(`UPDATE keys SET grant_count = 3 WHERE ${where}`);
  expect(text).toMatchObject({ code: 1, err: '', out: expect.stringMatching(/\n\ndrift: 1\n.+\n$/) });
  expect(text.out.split('\n').at(-2)).toBe(fault);
  expect(json).toMatchObject({ code: 1, err: 'drift: 1\n' });
  expect(JSON.parse(json.out)).toMatchObject({ drift: [fault] });
  expect((await verify()).code).toBe(0);
});
