/** kill -9 while the first start creates the demo: the next start has a complete demo. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, linkSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { auditDatabase } from '../support/oracles/sqlite.ts';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

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

/** Kills a first start after `changes` changes in its data folder, or when it starts to listen. */
async function killDuringFirstStart(changes: number): Promise<void> {
  const watchers: FSWatcher[] = [];
  let left = changes;
  const child = spawn(process.execPath, ['local/start.ts'], {
    env: { ...CHILD_ENV, PORT: '0', DATA_DIR: dataDir },
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

/** Starts the service and checks that every user of demo.json can log in and that the keys have exactly its grants. */
async function expectCompleteDemo(): Promise<void> {
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

// A first start makes about 110 changes; from the 70th on it writes the users, keys and grants.
test.each([1, 12, 60, 72, 85, 100])(
  'a start after one that was killed after %i changes in the data folder has a complete demo',
  async (changes) => {
    await killDuringFirstStart(changes);
    await expectCompleteDemo();
  },
);

/**
 * Prepares the folder as a kill between the last steps leaves it; these take microseconds, too short to hit.
 * @returns the path of a file in the data folder and in the temporary folder
 */
async function prepareKilledStart(): Promise<(file: string) => [string, string]> {
  await (await startProcess(dataDir)).stop();
  const temporaryDir = join(dataDir, 'first-start.killed');
  mkdirSync(temporaryDir);
  linkSync(join(dataDir, 'root.key'), join(temporaryDir, 'root.key'));
  return (file) => [join(dataDir, file), join(temporaryDir, file)];
}

const CREDENTIALS = ['demo.json', 'demo-login.json', 'demo-hooks.json'];
const ALL_FILES = ['demo-hooks.json', 'demo-login.json', 'demo.json', 'kms-grants.db', 'root.key'];

test('a start after one that was killed before it published anything creates the demo', async () => {
  const paths = await prepareKilledStart();
  for (const file of [...CREDENTIALS, 'kms-grants.db']) renameSync(...paths(file));
  utimesSync(join(dataDir, 'first-start.killed'), 0, 0);
  await expectCompleteDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(ALL_FILES);
});

test.each([0, 1, 2])(
  'a start after one that published the database and %i of the three credential files completes it',
  async (moved) => {
    const paths = await prepareKilledStart();
    linkSync(...paths('kms-grants.db'));
    for (const file of CREDENTIALS.slice(moved)) renameSync(...paths(file));
    await expectCompleteDemo();
    expect(readdirSync(dataDir).toSorted()).toEqual(ALL_FILES);
  },
);

test('a start after one that published all files deletes its temporary folder', async () => {
  const paths = await prepareKilledStart();
  linkSync(...paths('kms-grants.db'));
  await expectCompleteDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(ALL_FILES);
});

test('of two first starts at the same time one creates the demo, and both serve it', async () => {
  const [first, second] = await Promise.all([startProcess(dataDir), startProcess(dataDir)]);
  await Promise.all([first.stop(), second.stop()]);
  await expectCompleteDemo();
  expect(readdirSync(dataDir).toSorted()).toEqual(ALL_FILES);
});
