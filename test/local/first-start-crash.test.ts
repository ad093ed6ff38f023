/** kill -9 while the very first start makes the demo: the next start has a whole one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, linkSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { auditDatabase } from '../support/oracles/sqlite.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

let dataDir: string;
let service: ServiceProcess | undefined;

beforeEach(() => {
  dataDir = newDataDir();
  service = undefined;
});
afterEach(async () => {
  await service?.stop('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

/** Kills a first start when it has changed its folder `changes` times, or at the latest when it listens. */
async function killDuringFirstStart(changes: number): Promise<void> {
  const watchers: FSWatcher[] = [];
  let left = changes;
  const child = spawn(process.execPath, ['local/start.ts'], {
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const changed = () => {
    left -= 1;
    if (left === 0) child.kill('SIGKILL');
  };
  const follow = (folder: string) => {
    const watcher = watch(folder, (_, file) => {
      if (file === 'first-start' && watchers.length === 1) follow(join(dataDir, 'first-start'));
      changed();
    });
    watcher.on('error', () => {});
    watchers.push(watcher);
  };
  follow(dataDir);
  child.stdout.once('data', () => child.kill('SIGKILL'));
  await once(child, 'exit');
  for (const watcher of watchers) watcher.close();
}

async function post(path: string, headers: Record<string, string>, body: object) {
  const response = await fetch((service?.url ?? '') + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

/** Starts and checks that every user can log in and that the keys have exactly the grants that demo.json tells. */
async function expectWholeDemo(): Promise<void> {
  service = await startProcess(dataDir);
  const demo = service.demo();
  expect([demo.users.length, demo.keys.length, demo.grants.length]).toEqual([4, 2, 5]);
  const tokens = await Promise.all(
    demo.users.map(async ({ user_id: id, password }: DemoUser) => {
      const identity = { methods: ['password'], password: { user: { id, password } } };
      const auth = { identity, scope: { project: { id: demo.project_id } } };
      return (await post('/v3/auth/tokens', {}, { auth })).headers.get('x-subject-token');
    }),
  );
  for (const token of tokens) {
    expect(token).toEqual(expect.any(String));
    for (const { key_id } of demo.keys) {
      const path = `/v1.0/${demo.project_id}/kms/list-grants`;
      const { body } = await post(path, { 'X-Auth-Token': token ?? '' }, { key_id });
      const expected = demo.grants.filter((grant) => grant.key_id === key_id).map((grant) => grant.grant_id);
      const listed = (body['grants'] as { grant_id: string }[]).map((grant) => grant.grant_id);
      expect([listed.toSorted(), body['total']]).toEqual([expected.toSorted(), expected.length]);
    }
  }
  expect(await service.stop()).toBe(0);
  expect(auditDatabase(join(dataDir, 'kms-grants.db'))).toEqual([]);
}

// Some 110 changes make a first start; from the 70th on the users, keys and grants are written.
test.each([1, 12, 60, 72, 85, 100])('killed after %i changes to its folder', async (changes) => {
  await killDuringFirstStart(changes);
  await expectWholeDemo();
});

/** The last steps take microseconds, so the folder is put into the state that a kill between them leaves. */
async function stoppedFirstStart(): Promise<(file: string) => [string, string]> {
  await (await startProcess(dataDir)).stop();
  const aside = join(dataDir, 'first-start.killed');
  mkdirSync(aside);
  linkSync(join(dataDir, 'root.key'), join(aside, 'root.key'));
  return (file) => [join(dataDir, file), join(aside, file)];
}

const CREDENTIALS = ['demo.json', 'demo-login.json'];
const WHOLE = ['demo-login.json', 'demo.json', 'kms-grants.db', 'root.key'];

test('killed before anything was published', async () => {
  const places = await stoppedFirstStart();
  for (const file of [...CREDENTIALS, 'kms-grants.db']) renameSync(...places(file));
  utimesSync(join(dataDir, 'first-start.killed'), 0, 0);
  await expectWholeDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(WHOLE);
});

test.each([0, 1])('killed when the database was published and %i of its two files beside it', async (moved) => {
  const places = await stoppedFirstStart();
  linkSync(...places('kms-grants.db'));
  for (const file of CREDENTIALS.slice(moved)) renameSync(...places(file));
  await expectWholeDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(WHOLE);
});

test('killed when all was published and not yet tidied up: it is tidied up', async () => {
  const places = await stoppedFirstStart();
  linkSync(...places('kms-grants.db'));
  await expectWholeDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(WHOLE);
});

test('two first starts at once: both serve the one demo that there is', async () => {
  const [one, other] = await Promise.all([startProcess(dataDir), startProcess(dataDir)]);
  await Promise.all([one.stop(), other.stop()]);
  await expectWholeDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(WHOLE);
});
