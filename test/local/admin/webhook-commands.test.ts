/** The admin commands about hooks, as processes of their own, beside a running service that shares their data folder. */
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import type { Demo } from '../../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import { type Sending, signed, sourcesOf, until } from '../../webhooks/fixture.ts';

const NO_ID = '0'.repeat(32);

let dataDir: string;
let service: ServiceProcess;
let demo: Demo;
let store: Store;
let grantee: string;

beforeAll(async () => {
  dataDir = newDataDir();
  const first = await startProcess(dataDir);
  demo = first.demo();
  await first.stop();
  const path = join(dataDir, 'hooks.json');
  writeFileSync(path, JSON.stringify(sourcesOf(demo.project_id, 'f'.repeat(32))));
  service = await startProcess(dataDir, [], { HOOKS: `file:${path}` });
  store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  grantee = demo.users[1]?.user_id ?? '';
});
afterAll(async () => {
  await store?.close();
  await service?.stop();
  rmSync(dataDir, { recursive: true });
});

function run(...args: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'], DATA_DIR: dataDir } };
    execFile(process.execPath, ['local/admin.ts', ...args], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

async function told(...args: string[]) {
  const { code, out, err } = await run(...args, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out);
}

/** @returns the id of the job that it has started */
async function tell(data: object, { type = 'principal.disabled', ...options }: Sending & { type?: string } = {}) {
  const ask = signed({ type, data }, { atMs: Date.now(), ...options });
  const answer = await fetch(`${service.url}/hooks/hr`, { method: 'POST', ...ask });
  return ((await answer.json()) as { job_id: string }).job_id;
}

const ended = (jobId: string, state: string) =>
  until(`job ${jobId} is ${state}`, async () => {
    const job = await store.jobs.job(jobId);
    return job?.state === state ? job : undefined;
  });

const held = async () => (await store.grants.listByGrantee(demo.project_id, grantee, { limit: 1 })).total;

test('map tells who somebody is, of one source or of any; addresses in lower case; the last word counts', async () => {
  const principal = ['--principal', grantee];
  const mapped = await told('map', '--identity', 'Anna@Example.com', ...principal);
  expect(mapped).toEqual({ source: '*', identity: 'anna@example.com', principal: grantee });
  await told('map', '--identity', '00uAnna', '--source', 'okta', '--principal', NO_ID);
  await told('map', '--identity', '00uAnna', '--source', 'okta', ...principal);
  expect(await told('list-mappings')).toEqual([
    { source: 'okta', identity: '00uAnna', principal: grantee },
    { source: '*', identity: 'anna@example.com', principal: grantee },
  ]);
  expect((await run('list-mappings')).out).toMatch(/^source +identity +principal\n/);
});

test('unmap forgets it, for that source only', async () => {
  const identity = ['--identity', 'ANNA@example.com'];
  expect(await run('unmap', ...identity, '--source', 'okta')).toEqual({
    code: 1,
    out: '',
    err: 'nobody is mapped by that identity for okta; see list-mappings\n',
  });
  expect(await told('unmap', ...identity)).toEqual({ removed: 'anna@example.com', source: '*' });
  expect((await run('unmap', ...identity)).code).toBe(1);
  expect(await told('list-mappings')).toHaveLength(1);
});

test('a refusal is one line, and changes nothing', async () => {
  const before = await told('list-mappings');
  const refusals = [
    ['map --identity a', 2, 'map needs --principal; see: npm run admin -- map --help'],
    ['map --identity a --principal a/b', 1, '--principal must be 1 to 64 letters and digits'],
    [`map --principal a --identity ${'i'.repeat(257)}`, 1, '--identity must be 256 characters or fewer'],
    ['unmap', 2, 'unmap needs --identity; see: npm run admin -- unmap --help'],
    ['retry-job', 2, 'retry-job needs --job; see: npm run admin -- retry-job --help'],
    [`retry-job --job ${NO_ID}`, 1, `there is no job ${NO_ID}; see jobs`],
  ] as const;
  const answers = await Promise.all(refusals.map(([line]) => run(...line.split(' '))));
  expect(answers).toEqual(refusals.map(([, code, err]) => ({ code, out: '', err: `${err}\n` })));
  expect(await told('list-mappings')).toEqual(before);
});

test('the help of each tells its options', async () => {
  const usages = {
    map: 'map --identity … --principal … [--source …] [--json]',
    unmap: 'unmap --identity … [--source …] [--json]',
    jobs: 'jobs [--limit …] [--json]',
    'retry-job': 'retry-job --job … [--json]',
  };
  const helps = await Promise.all(Object.keys(usages).map((name) => run(name, '--help')));
  expect(helps.map(({ out }) => out.split('\n')[0])).toEqual(
    Object.values(usages).map((usage) => `Usage: npm run admin -- ${usage}`),
  );
});

test('a job about nobody known is seen in jobs; once it is mapped, retry-job revokes', async () => {
  const jobId = await tell({ identity: 'Ben@example.com', reason: 'left' }, { id: 'msg_ben' });
  await ended(jobId, 'unmapped');
  const before = await held();
  expect(before).toBe(demo.grants.length);
  const [job] = await told('jobs', '--limit', '1');
  expect(job).toMatchObject({
    job_id: jobId,
    state: 'unmapped',
    delivery_id: 'msg_ben',
    revoked: 0,
    unmapped: ['Ben@example.com', 'ben@example.com'],
  });
  expect((await run('jobs', '--limit', '1')).out).toMatch(
    new RegExp(
      `^job_id .*\n${jobId} +\\S+Z +hr +unmapped +principal.disabled +0 +0 +Ben@example.com, ben@example.com\n$`,
    ),
  );

  await told('map', '--identity', 'ben@example.com', '--principal', grantee);
  expect(await told('retry-job', '--job', jobId)).toEqual({ job_id: jobId, state: 'queued' });
  expect(await ended(jobId, 'done')).toMatchObject({ revoked: before, unmapped: [] });
  expect(await held()).toBe(0);
});

test('retry-job of one that is done does nothing more; of one that nobody understands it is refused', async () => {
  const done = await tell({ grantee_principal: NO_ID });
  await ended(done, 'done');
  await told('retry-job', '--job', done);
  expect(await ended(done, 'done')).toMatchObject({ revoked: 0 });
  const ignored = await tell({}, { type: 'user.created' });
  const err = 'nothing in this job is understood: there is nothing to try\n';
  expect(await run('retry-job', '--job', ignored)).toEqual({ code: 1, out: '', err });
});

test('jobs lists the newest first, as many as asked', async () => {
  const one = await tell({}, { type: 'a' });
  const two = await tell({}, { type: 'b' });
  const list: { job_id: string; state: string }[] = await told('jobs', '--limit', '2');
  expect(list.map(({ job_id, state }) => [job_id, state])).toEqual([
    [two, 'ignored'],
    [one, 'ignored'],
  ]);
  expect((await told('jobs')).length).toBeGreaterThan(3);
});

test('dead letters are listed, and revived ones are worked on', async () => {
  expect(await told('dead-letters')).toEqual([]);
  const jobId = 'd'.repeat(32);
  const [atMs, tasks] = [
    Date.now(),
    [{ action: 'revoke-principal', type: 'principal.disabled', grantee: NO_ID }] as const,
  ];
  const counts = { revision: 0, failedAttempts: 0, revoked: 0, leftovers: [], unmapped: [] };
  const times = { receivedAtMs: atMs, dueAtMs: atMs + 600_000 };
  const projectIds = [demo.project_id];
  await store.jobs.add({
    jobId,
    source: 'hr',
    deliveryId: 'd',
    projectIds,
    tasks,
    state: 'queued',
    ...times,
    ...counts,
  });
  const db = new DatabaseSync(join(dataDir, 'kms-grants.db'));
  db.prepare('INSERT INTO dead_letters (message) VALUES (?)').run(JSON.stringify({ kind: 'job', jobId }));
  db.close();
  expect(await told('dead-letters')).toEqual([{ kind: 'job', jobId }]);
  expect((await store.jobs.job(jobId))?.state).toBe('queued');
  expect(await told('revive-dead-letters')).toEqual({ revived: 1 });
  await ended(jobId, 'done');
  expect(await told('dead-letters')).toEqual([]);
  expect(await told('revive-dead-letters')).toEqual({ revived: 0 });
});
