/** The admin commands for webhooks, while a service, which is another process, uses the same data folder. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FINAL_STATES } from '../../../lib/domain/job.ts';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import type { Demo } from '../../../local/demo.ts';
import { adminCommands } from '../../support/admin.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import { type SendOptions, signEvent, sourceSettings, waitFor } from '../../webhooks/fixture.ts';

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
  writeFileSync(path, JSON.stringify(sourceSettings(demo.project_id)));
  service = await startProcess(dataDir, [], { HOOKS: `file:${path}` });
  store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  grantee = demo.users[1]?.user_id ?? '';
});
afterAll(async () => {
  await store?.close();
  await service?.stop();
  rmSync(dataDir, { recursive: true });
});

const { run, runJson } = adminCommands(() => ({ DATA_DIR: dataDir, HOOKS: `file:${join(dataDir, 'hooks.json')}` }));

/** Sends a webhook. @returns the id of the job that it started */
async function sendWebhook(
  data: object,
  { type = 'principal.disabled', ...options }: SendOptions & { type?: string } = {},
) {
  const request = signEvent({ type, data }, { atMs: Date.now(), ...options });
  const response = await fetch(`${service.url}/hooks/hr`, { method: 'POST', ...request });
  return ((await response.json()) as { job_id: string }).job_id;
}

const jobInState = (jobId: string, state: string) =>
  waitFor(`job ${jobId} is ${state}`, async () => {
    const job = await store.jobs.job(jobId);
    return job?.state === state ? job : undefined;
  });

/** Without those that the demo stores for its chat source. */
async function ownMappings(): Promise<{ source: string; identity: string; principal: string }[]> {
  const mappings: { source: string; identity: string; principal: string }[] = await runJson('list-mappings');
  return mappings.filter(({ source }) => source !== 'bot');
}

const grantCount = async () => (await store.grants.listByGrantee(demo.project_id, grantee, { limit: 1 })).total;

test('map stores a mapping for one source or all, with e-mail addresses in lower case', async () => {
  const principal = ['--principal', grantee];
  const mapped = await runJson('map', '--identity', 'Anna@Example.com', ...principal);
  expect(mapped).toEqual({ source: '*', identity: 'anna@example.com', principal: grantee });
  await runJson('map', '--identity', '00uAnna', '--source', 'okta', ...principal);
  expect(await ownMappings()).toEqual([
    { source: 'okta', identity: '00uAnna', principal: grantee },
    { source: '*', identity: 'anna@example.com', principal: grantee },
  ]);
  expect((await run('list-mappings')).out).toMatch(/^source +identity +principal\n/);
});

test('a second map of an identity adds a principal; with --replace it removes the others; unmap can name one', async () => {
  const identity = ['--identity', '00uTwo', '--source', 'okta'];
  const [first = '', second = ''] = demo.users.map(({ user_id }) => user_id);
  const principals = async () =>
    (await store.mappings.find('okta', '00uTwo')).map(({ grantee: principal }) => principal).sort();
  await runJson('map', ...identity, '--principal', first);
  expect((await run('map', ...identity, '--principal', second)).out).toContain(
    'The identity has 2 principals: a job revokes the grants of all, and chat refuses the person.',
  );
  expect(await principals()).toEqual([first, second].sort());
  await runJson('unmap', ...identity, '--principal', first);
  expect(await principals()).toEqual([second]);
  expect(await run('unmap', ...identity, '--principal', first)).toMatchObject({
    code: 1,
    err: 'there is no mapping of that identity to that principal for source okta; see list-mappings\n',
  });
  await runJson('map', ...identity, '--principal', first, '--replace');
  expect(await principals()).toEqual([first]);
  await runJson('map', ...identity, '--principal', second);
  await runJson('unmap', ...identity);
  expect(await principals()).toEqual([]);
});

test('map and unmap take the composed and the decomposed form of a name for the same', async () => {
  const principal = ['--principal', grantee];
  await runJson('map', '--identity', 'jose\u0301@example.com', ...principal);
  await runJson('map', '--identity', 'Jos\u00c9@example.com', ...principal);
  expect(await store.mappings.find('*', 'jos\u00e9@example.com')).toEqual([
    { source: '*', identity: 'jos\u00e9@example.com', grantee },
  ]);
  await runJson('unmap', '--identity', 'JOSE\u0301@example.com');
  expect(await store.mappings.find('*', 'jos\u00e9@example.com')).toEqual([]);
});

test('map warns of an unknown principal, an unknown source, and a mapping for all sources that it overrides', async () => {
  const map = async (...args: string[]) => (await run('map', '--identity', 'eve@example.com', ...args)).err;
  expect(await map('--principal', grantee)).toBe('');
  expect(await map('--principal', demo.users[0]?.domain_id ?? '')).toBe('');
  expect(await map('--principal', NO_ID)).toBe(
    `warning: the directory has no user or domain ${NO_ID}; see list-users\n`,
  );
  expect(await map('--principal', grantee, '--source', 'oktaa')).toContain('warning: HOOKS has no source oktaa\n');
  expect(await map('--principal', grantee, '--source', 'hr')).toContain(
    `warning: jobs of hr do not use the mapping to ${NO_ID} for all sources any more\n`,
  );
  const principals = (await store.mappings.find('*', 'eve@example.com')).map(({ grantee: principal }) => principal);
  expect(principals).toContain(NO_ID);
  for (const source of ['*', 'hr', 'oktaa']) await run('unmap', '--identity', 'eve@example.com', '--source', source);
});

test('unmap deletes the mapping of that source only', async () => {
  const identity = ['--identity', 'ANNA@example.com'];
  expect(await run('unmap', ...identity, '--source', 'okta')).toEqual({
    code: 1,
    out: '',
    err: 'there is no mapping of that identity for source okta; see list-mappings\n',
  });
  expect(await runJson('unmap', ...identity)).toEqual({
    removed: 'anna@example.com',
    source: '*',
    principals: grantee,
  });
  expect((await run('unmap', ...identity)).code).toBe(1);
  expect(await ownMappings()).toHaveLength(1);
});

test('a failing command prints one line and changes nothing', async () => {
  const before = await runJson('list-mappings');
  const failures = [
    ['map --identity a', 2, 'map needs --principal; see: npm run admin -- map --help'],
    ['map --identity a --principal a/b', 1, '--principal must be 1 to 64 letters and digits'],
    [`map --principal a --identity ${'i'.repeat(257)}`, 1, '--identity must be 256 characters or fewer'],
    [
      `map --principal a --identity a --source ${'s'.repeat(2000)}`,
      1,
      '--source must be a name in HOOKS: 1 to 64 characters of a-z, 0-9 and -',
    ],
    ['unmap', 2, 'unmap needs --identity; see: npm run admin -- unmap --help'],
    ['retry-job', 2, 'retry-job needs --job; see: npm run admin -- retry-job --help'],
    [`retry-job --job ${NO_ID}`, 1, `there is no job ${NO_ID}; see jobs`],
  ] as const;
  const results = await Promise.all(failures.map(([line]) => run(...line.split(' '))));
  expect(results).toEqual(failures.map(([, code, err]) => ({ code, out: '', err: `${err}\n` })));
  expect(await runJson('list-mappings')).toEqual(before);
});

test('the help of each command lists its options', async () => {
  const usages = {
    map: 'map --identity … --principal … [--source …] [--replace] [--json]',
    unmap: 'unmap --identity … [--source …] [--principal …] [--json]',
    jobs: 'jobs [--limit …] [--json]',
    'retry-job': 'retry-job --job … [--json]',
  };
  const helps = await Promise.all(Object.keys(usages).map((name) => run(name, '--help')));
  expect(helps.map(({ out }) => out.split('\n')[0])).toEqual(
    Object.values(usages).map((usage) => `Usage: npm run admin -- ${usage}`),
  );
});

test('the help of retry-job names every state in which a job that may be run again has ended', async () => {
  const { out } = await run('retry-job', '--help');
  for (const state of FINAL_STATES) expect([state, out.includes(state)]).toEqual([state, state !== 'ignored']);
});

test('jobs lists a job that ended as unmapped; after map, retry-job revokes the grants', async () => {
  const jobId = await sendWebhook({ identity: 'Ben@example.com', reason: 'left' }, { id: 'msg_ben' });
  await jobInState(jobId, 'unmapped');
  const before = await grantCount();
  expect(before).toBe(demo.grants.length);
  const [job] = await runJson('jobs', '--limit', '1');
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

  await runJson('map', '--identity', 'ben@example.com', '--principal', grantee);
  expect(await runJson('retry-job', '--job', jobId)).toEqual({ job_id: jobId, state: 'queued' });
  expect(await jobInState(jobId, 'done')).toMatchObject({ revoked: before, unmapped: [] });
  expect(await grantCount()).toBe(0);
});

test('retry-job of a job that found nothing revokes nothing, and of an ignored job it fails', async () => {
  const done = await sendWebhook({ grantee_principal: NO_ID });
  await jobInState(done, 'nothing-found');
  await runJson('retry-job', '--job', done);
  expect(await jobInState(done, 'nothing-found')).toMatchObject({ revoked: 0 });
  const ignored = await sendWebhook({}, { type: 'user.created' });
  const err = 'the job is ignored: none of its events starts a revocation, so a retry would do nothing\n';
  expect(await run('retry-job', '--job', ignored)).toEqual({ code: 1, out: '', err });
});

test('jobs lists the newest jobs first, up to --limit', async () => {
  const first = await sendWebhook({}, { type: 'a' });
  const second = await sendWebhook({}, { type: 'b' });
  const list: { job_id: string; state: string }[] = await runJson('jobs', '--limit', '2');
  expect(list.map(({ job_id, state }) => [job_id, state])).toEqual([
    [second, 'ignored'],
    [first, 'ignored'],
  ]);
  expect((await runJson('jobs')).length).toBeGreaterThan(3);
});

test('dead-letters lists the dead letters, and revive-dead-letters has the worker process them', async () => {
  expect(await runJson('dead-letters')).toEqual([]);
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
  expect(await runJson('dead-letters')).toEqual([{ kind: 'job', jobId }]);
  expect((await store.jobs.job(jobId))?.state).toBe('queued');
  expect(await runJson('revive-dead-letters')).toEqual({ revived: 1 });
  await jobInState(jobId, 'nothing-found');
  expect(await runJson('dead-letters')).toEqual([]);
  expect(await runJson('revive-dead-letters')).toEqual({ revived: 0 });
});
