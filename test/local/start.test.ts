/**
 * `npm start` as a process of its own: its output, its errors, and the files that it creates.
 * Also tests: local/data-dir.ts, local/open-services.ts, local/welcome.ts, local/demo.ts.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

let parent: string;
let dataDir: string;
let running: ServiceProcess[];

beforeEach(() => {
  parent = newDataDir();
  dataDir = join(parent, 'data');
  running = [];
});
afterEach(async () => {
  for (const service of running) await service.stop('SIGKILL');
  rmSync(parent, { recursive: true });
});

async function start(...args: string[]): Promise<ServiceProcess> {
  const service = await startProcess(dataDir, args);
  running.push(service);
  return service;
}

/** Stops the service. @returns all of its output */
async function outputOf(service: ServiceProcess): Promise<string> {
  const closed = once(service.child, 'close');
  await service.stop();
  await closed;
  return service.output();
}

/** Runs the process until it exits. */
function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['local/start.ts', ...args], {
    env: { ...CHILD_ENV, PORT: '0', DATA_DIR: dataDir, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

function login(url: string, user: Partial<DemoUser>, projectId: string) {
  const password = { user: { id: user.user_id, password: user.password } };
  const scope = { project: { id: projectId } };
  return fetch(`${url}/v3/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password }, scope } }),
  });
}

async function post(service: ServiceProcess, token: string, name: string, body: object) {
  const response = await fetch(`${service.url}/v1.0/${service.demo().project_id}/kms/${name}`, {
    method: 'POST',
    headers: { 'X-Auth-Token': token },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

test('--help prints the options and settings, and starts nothing', () => {
  const { status, stdout, stderr } = run(['--help'], { PORT: 'abc' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: npm start \[-- --no-demo\]\n/);
  for (const word of ['--no-demo', '--help', 'HOST', 'PORT', 'DATA_DIR', 'CORS_ORIGINS', 'GRANTS_PER_KEY']) {
    expect(stdout).toContain(word);
  }
  expect(existsSync(dataDir)).toBe(false);
});

describe('a failing start exits with 1 and a message without a stack trace', () => {
  /** Runs a start that must fail. @returns its error output */
  function failedStart(args: string[], env: Record<string, string> = {}): string {
    const { status, stdout, stderr } = run(args, env);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/^\s+at /m);
    return stderr;
  }

  test('all invalid settings are listed, and nothing is created', () => {
    const bad = { PORT: 'abc', GRANTS_PER_KEY: '0', KEYS_PER_PROJECT: '1000001', REGION: 'a b', CORS_ORIGINS: 'here' };
    expect(failedStart([], bad).trimEnd().split('\n').toSorted()).toEqual([
      '  CORS_ORIGINS must be origins such as https://app.example.com, separated by commas',
      '  GRANTS_PER_KEY must be a whole number from 1 to 1000000',
      '  KEYS_PER_PROJECT must be a whole number from 1 to 1000000',
      '  PORT must be a whole number from 0 to 65535',
      '  REGION must be 1 to 64 letters, digits or . _ -',
      'Invalid settings:',
    ]);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('an unknown option is named in the error', () => {
    expect(failedStart(['--nope'])).toContain('--nope');
    expect(existsSync(dataDir)).toBe(false);
  });

  test('a port in use is named in the error, with the setting to change', async () => {
    const otherServer = createServer().listen(0, '127.0.0.1').unref();
    await once(otherServer, 'listening');
    const { port } = otherServer.address() as AddressInfo;
    const output = failedStart(['--no-demo'], { PORT: String(port) });
    otherServer.close();
    expect(output).toBe(`Port ${port} of 127.0.0.1 is in use. Set PORT to a free port, or to 0 for any free port.\n`);
  });

  test('a project in HOOKS that does not exist is named in the error', () => {
    const hooks = join(parent, 'hooks.json');
    const source = { kind: 'okta', secrets: ['plain-secret-0123456789'], actions: ['principal.disabled'] };
    writeFileSync(hooks, JSON.stringify({ okta: { ...source, projects: ['mistyped'] } }));
    expect(failedStart(['--no-demo'], { HOOKS: `file:${hooks}` })).toBe(
      'HOOKS cannot be used:\n  okta.projects: there is no project mistyped; see npm run admin -- list-projects\n',
    );
  });

  test('an invalid chat source in HOOKS is named in the error', () => {
    const hooks = join(parent, 'chat-hooks.json');
    writeFileSync(hooks, JSON.stringify({ oncall: { kind: 'slack', secrets: ['short'], projects: ['mistyped'] } }));
    expect(failedStart(['--no-demo'], { HOOKS: `file:${hooks}` })).toContain('HOOKS cannot be used:\n  oncall.');
  });

  test('a data folder that cannot be created is named in the error', () => {
    writeFileSync(dataDir, 'a file');
    expect(failedStart([])).toContain(dataDir);
    expect(readFileSync(dataDir, 'utf8')).toBe('a file');
  });

  test('if the root key of an existing database is missing, the start fails and creates no new one', async () => {
    await (await start('--no-demo')).stop();
    rmSync(join(dataDir, 'root.key'));
    const before = readFileSync(join(dataDir, 'kms-grants.db'));
    expect(failedStart([])).toContain(`${join(dataDir, 'root.key')} is missing`);
    expect(readdirSync(dataDir)).toEqual(['kms-grants.db']);
    expect(readFileSync(join(dataDir, 'kms-grants.db')).equals(before)).toBe(true);
  });

  test('a root key of a wrong length fails the start and is not overwritten', async () => {
    await (await start('--no-demo')).stop();
    writeFileSync(join(dataDir, 'root.key'), 'short');
    expect(failedStart([])).toContain('must hold exactly 32 bytes');
    expect(readFileSync(join(dataDir, 'root.key'), 'utf8')).toBe('short');
  });
});

test.each(['HOOKS', 'TARGETS', 'KMS_CREDENTIALS'])(
  '%s in a file that others may read fails the start, with the command that corrects it',
  (name) => {
    const path = join(parent, 'settings.json');
    writeFileSync(path, '{}');
    chmodSync(path, 0o644);
    const upstream = { AUTHORITY: 'upstream', KMS_ENDPOINT: 'http://127.0.0.1:9' };
    const env = { ...(name === 'KMS_CREDENTIALS' && upstream), [name]: `file:${path}` };
    const { status, stderr } = run(['--no-demo'], env);
    expect([status, stderr]).toEqual([1, expect.stringContaining(name)]);
    expect(stderr).toContain(`Run: chmod 600 '${path}'`);
  },
);

test('a root key that others may read fails the start, until the printed command has been run', async () => {
  await (await start('--no-demo')).stop();
  const path = join(dataDir, 'root.key');
  chmodSync(path, 0o640);
  const { status, stderr } = run([]);
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${path} cannot be used: `)]);
  const [, command = ''] = /Run: (chmod .*)/.exec(stderr) ?? [];
  expect(spawnSync('sh', ['-c', command]).status).toBe(0);
  await start();
});

test('all files and the data folder are readable by their owner only', async () => {
  chmodSync(parent, 0o755);
  const umask = process.umask(0o022);
  await start();
  process.umask(umask);
  const modes = Object.fromEntries(
    readdirSync(dataDir).map((file) => [file, (statSync(join(dataDir, file)).mode & 0o777).toString(8)]),
  );
  expect(modes).toEqual({
    'demo-hooks.json': '600',
    'demo-login.json': '600',
    'demo.json': '600',
    'kms-grants.db': '600',
    'kms-grants.db-shm': '600',
    'kms-grants.db-wal': '600',
    'root.key': '600',
  });
  expect((statSync(dataDir).mode & 0o777).toString(8)).toBe('700');
});

test('a first start prints its URL and the path of the demo credentials, and creates the documented demo', async () => {
  const service = await start();
  expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const demo = service.demo();
  expect(demo.users.map(({ role }) => role)).toEqual([
    'KMS CMKFullAccess',
    'KMS CMKFullAccess',
    'KMS CMKReadOnlyAccess',
    'te_admin',
  ]);
  expect(demo.keys).toHaveLength(2);
  expect(demo.grants.length).toBeGreaterThanOrEqual(3);
  for (const user of demo.users) expect((await login(service.url, user, demo.project_id)).status).toBe(201);
  const output = await outputOf(service);
  expect(output).toContain(join(dataDir, 'demo.json'));
  expect(output).toContain(`${service.url}/console`);
  // The output is no terminal, so it has no passwords either.
  for (const { secret_key, password } of demo.users) {
    expect(output).not.toContain(secret_key);
    expect(output).not.toContain(password);
  }
});

test('a second start keeps data, credentials and tokens, and prints no secret', async () => {
  const first = await start();
  const demo = first.demo();
  const [grant] = demo.grants;
  const [creator] = demo.users;
  const token = (await login(first.url, creator ?? {}, demo.project_id)).headers.get('x-subject-token') ?? '';
  expect((await post(first, token, 'revoke-grant', grant ?? {})).status).toBe(200);
  const { body: before } = await post(first, token, 'list-grants', { key_id: grant?.key_id });
  expect(await first.stop()).toBe(0);

  const second = await start();
  expect(second.demo()).toEqual(demo);
  expect(await post(second, token, 'list-grants', { key_id: grant?.key_id })).toEqual({ status: 200, body: before });
  for (const user of demo.users) expect((await login(second.url, user, demo.project_id)).status).toBe(201);
  const output = await outputOf(second);
  for (const { password } of demo.users) expect(output).not.toContain(password);
});

test('--no-demo starts without data, and a later start adds no demo', async () => {
  for (const args of [['--no-demo'], []]) {
    const service = await start(...args);
    expect(readdirSync(dataDir).filter((file) => !file.startsWith('kms-grants.db'))).toEqual(['root.key']);
    const project = 'a0000000000000000000000000000001';
    expect((await login(service.url, { user_id: 'b', password: 'c' }, project)).status).toBe(401);
    const output = (await outputOf(service)).trim().split('\n');
    expect(output.filter((line) => !line.startsWith('{'))).toEqual([
      `kms-grants listens on ${service.url}`,
      `The console is at ${service.url}/console`,
      `The API is described at ${service.url}/docs`,
    ]);
  }
});
