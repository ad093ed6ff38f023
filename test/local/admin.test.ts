/**
 * The admin command: as a process of its own without a data folder, and in this process while a service, which is
 * another process, uses the same data folder.
 * Also tests: local/admin/.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';
import { adminCommands } from '../support/admin.ts';
import { useRealCost } from '../support/cheap-passwords.ts';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

const CHANGING = ['create-project', 'create-user', 'create-access-key', 'add-role', 'remove-role'];
const ENABLING = [
  'disable-user',
  'enable-user',
  'reset-password',
  'delete-user',
  'disable-access-key',
  'enable-access-key',
  'delete-access-key',
];
const LISTS = ['list-projects', 'list-users', 'list-access-keys', 'list-roles'];
const WEBHOOKS = [
  'map',
  'unmap',
  'list-mappings',
  'jobs',
  'retry-job',
  'stop-job',
  'dead-letters',
  'revive-dead-letters',
  'scim-users',
  'scim-user',
  'scim-set-principal',
  'scim-clear-principal',
  'scim-remove',
  'redeliver',
];
const NAMES = [...CHANGING, ...ENABLING, 'reseal-access-keys', ...LISTS, 'events', ...WEBHOOKS, 'verify'];
const NO_ID = '0'.repeat(32);

function runWith(env: Record<string, string>, args: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { env: { ...CHILD_ENV, ...env } };
    execFile(process.execPath, ['local/admin.ts', ...args], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

describe('without a data folder', () => {
  const parent = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const absent = join(parent, 'data');
  const run = (...args: string[]) => runWith({ DATA_DIR: absent }, args);
  afterAll(() => rmSync(parent, { recursive: true }));

  test.each(['--help', 'help'])('%s names every command', async (help) => {
    const { code, out } = await run(help);
    expect(code).toBe(0);
    expect([...out.matchAll(/^ {2}([a-z][a-z-]+) {2,}\S/gm)].map(([, name]) => name)).toEqual(NAMES);
  });

  test('--help after the name of a command prints the help of the command', async () => {
    const { code, out, err } = await run('disable-user', '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: npm run admin -- disable-user --user … \[--json\]\n/);
  });

  test.each([
    [[], 'the command is missing', ''],
    [['frobnicate'], 'there is no command frobnicate', ''],
    [['create-project'], 'create-project needs --domain and --name', 'create-project '],
    [['disable-user', '--user', ''], 'disable-user needs --user', 'disable-user '],
    [['disable-user', '--user'], '--user needs a value', 'disable-user '],
    [['disable-user', '--user', '--json'], '--user needs a value', 'disable-user '],
    [['disable-user', 'alice'], "Unexpected argument 'alice'", 'disable-user '],
    [['disable-user', '--user', 'a', '--user', 'b'], '--user is given more than once', 'disable-user '],
    [['list-users', '--json=1'], "Option '--json' does not take an argument", 'list-users '],
    [['list-users', '--force'], "Unknown option '--force'", 'list-users '],
    [['events', '--project', 'p', '--limit', '1001'], '--limit must be a whole number from 1 to 1000', 'events '],
    [['events', '--project', 'p', '--limit', '1e3'], '--limit must be a whole number from 1 to 1000', 'events '],
  ])('the arguments %j print one line that names the help, and exit with 2', async (args, line, command) => {
    const err = `${line}; see: npm run admin -- ${command}--help\n`;
    expect(await run(...args)).toEqual({ code: 2, out: '', err });
    expect(existsSync(absent)).toBe(false);
  });

  test('without a database a command fails with a message and creates nothing', async () => {
    const user = ['--project', NO_ID, '--name', 'alice', '--role', 'te_admin'];
    const commands = [...LISTS, `events --project ${NO_ID}`].map((command) => command.split(' '));
    for (const args of [...commands, ['create-user', ...user]]) {
      const err = `there is no database in ${absent} yet; create one with create-project or npm start\n`;
      expect({ args, ...(await run(...args)) }).toEqual({ args, code: 1, out: '', err });
    }
    expect(existsSync(absent)).toBe(false);
  });

  test('an invalid setting is named, and the command exits with 1', async () => {
    const err = 'Invalid settings:\n  PORT must be a whole number from 0 to 65535\n';
    expect(await runWith({ DATA_DIR: absent, PORT: 'http' }, ['list-users'])).toEqual({ code: 1, out: '', err });
  });

  test('create-project creates the data folder and its files, readable by their owner only', async () => {
    expect(await run('create-project', '--domain', 'acme', '--name', 'eu-1')).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(absent).sort()).toEqual(['kms-grants.db', 'root.key']);
    const modes = [absent, join(absent, 'kms-grants.db'), join(absent, 'root.key')].map((path) => statSync(path).mode);
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '600', '600']);
  });
});

describe('while a service is running', () => {
  useRealCost();
  let dataDir: string;
  let service: ServiceProcess;
  let project: string;
  let user: { user_id: string; password: string };
  let key: { access_key: string; secret_key: string };

  beforeAll(async () => {
    dataDir = newDataDir();
    service = await startProcess(dataDir, ['--no-demo']);
    ({ project_id: project } = await runJson('create-project', '--domain', 'acme', '--name', 'eu-1'));
    user = await runJson('create-user', '--project', project, '--name', 'alice', '--role', 'KMS CMKFullAccess');
    key = await runJson('create-access-key', '--user', user.user_id);
  });
  afterAll(async () => {
    await service.stop();
    rmSync(dataDir, { recursive: true });
  });

  const { run, runJson } = adminCommands(() => ({ DATA_DIR: dataDir }));

  function logIn({ user_id: id, password } = user): Promise<Response> {
    const identity = { methods: ['password'], password: { user: { id, password } } };
    const body = JSON.stringify({ auth: { identity, scope: { project: { id: project } } } });
    return fetch(`${service.url}/v3/auth/tokens`, { method: 'POST', body });
  }

  const newToken = async (of = user) => ({
    'X-Auth-Token': (await logIn(of)).headers.get('x-subject-token') ?? '',
  });

  const urlOf = (name: string) => `${service.url}/v1.0/${project}/kms/${name}`;

  async function kms(name: string, headers: Record<string, string>, body: object = {}) {
    const response = await fetch(urlOf(name), { method: 'POST', headers, body: JSON.stringify(body) });
    // biome-ignore lint/suspicious/noExplicitAny: replies of several forms
    const reply = (await response.json()) as any;
    return { status: response.status, code: reply.error_code, body: reply };
  }

  const newKey = async (key_alias: string): Promise<string> =>
    (await kms('create-key', await newToken(), { key_alias })).body.key_info.key_id;

  async function newGrant(key_id: string, grantee_principal = NO_ID): Promise<string> {
    const grant = { key_id, grantee_principal, operations: ['describe-key'] };
    return (await kms('create-grant', await newToken(), grant)).body.grant_id;
  }

  /** Signed by the vendor's own signer. */
  function kmsSigned(name: string, { access_key, secret_key } = key) {
    const credentials = new BasicCredentials().withAk(access_key).withSk(secret_key);
    const request = { endpoint: urlOf(name), method: 'POST' as const, headers: {}, data: {} };
    const { host, ...headers } = AKSKSigner.sign(request, credentials) as Record<string, string>;
    expect(host).toBe(new URL(service.url).host);
    return kms(name, headers);
  }

  const ALLOWED = { status: 200, body: { keys: [] } };
  const UNAUTHENTICATED = { status: 401, code: 'APIGW.0301' };

  test('a created user can log in and list keys', async () => {
    expect((await logIn()).status).toBe(201);
    expect(await kms('list-keys', await newToken())).toMatchObject(ALLOWED);
  });

  test('disable-user rejects token, password and access key from the next request on; enable-user lets the user in again', async () => {
    const headers = await newToken();
    const disabled = await run('disable-user', '--user', user.user_id);
    expect(disabled).toMatchObject({ code: 0, out: expect.stringContaining('Grants to the user remain: revoke them') });
    expect(await kms('list-keys', headers)).toMatchObject(UNAUTHENTICATED);
    expect(await kmsSigned('list-keys')).toMatchObject(UNAUTHENTICATED);
    expect((await logIn()).status).toBe(401);

    const enabled = await run('enable-user', '--user', user.user_id);
    expect(enabled).toMatchObject({ code: 0, out: expect.not.stringContaining('Grants to the user remain') });
    expect(await kms('list-keys', headers)).toMatchObject(UNAUTHENTICATED);
    expect(await kms('list-keys', await newToken())).toMatchObject(ALLOWED);
  });

  test('disable-access-key rejects the key from the next request on, but no tokens; enable-access-key reverses it', async () => {
    expect(await kmsSigned('list-keys')).toMatchObject(ALLOWED);
    expect((await run('disable-access-key', '--access-key', key.access_key)).code).toBe(0);
    expect(await kmsSigned('list-keys')).toMatchObject(UNAUTHENTICATED);
    expect(await kms('list-keys', await newToken())).toMatchObject(ALLOWED);

    expect((await run('enable-access-key', '--access-key', key.access_key)).code).toBe(0);
    expect(await kmsSigned('list-keys')).toMatchObject(ALLOWED);
  });

  test('reset-password rejects the former password and all tokens from the next request on, and prints a new password', async () => {
    const headers = await newToken();
    const former = user.password;
    const reset = await run('reset-password', '--user', user.user_id);
    expect(reset.out).toContain('The password is shown only now and cannot be read again');
    expect(reset.out).toContain('The access keys of the user stay valid');
    expect(await kms('list-keys', headers)).toMatchObject(UNAUTHENTICATED);
    expect(await kmsSigned('list-keys')).toMatchObject(ALLOWED);
    expect((await logIn()).status).toBe(401);
    user.password = /^password +(\S{24})$/m.exec(reset.out)?.[1] ?? '';
    expect(user.password).not.toBe(former);
    expect(await kms('list-keys', await newToken())).toMatchObject(ALLOWED);
  });

  test('delete-access-key rejects the key from the next request on and removes it from the list', async () => {
    const deleted = await runJson('create-access-key', '--user', user.user_id);
    expect(await kmsSigned('list-keys', deleted)).toMatchObject(ALLOWED);
    const option = ['--access-key', deleted.access_key];
    expect(await runJson('delete-access-key', ...option)).toEqual({ access_key: deleted.access_key, deleted: true });
    expect(await kmsSigned('list-keys', deleted)).toMatchObject(UNAUTHENTICATED);
    expect(JSON.stringify(await runJson('list-access-keys'))).not.toContain(deleted.access_key);
    expect((await run('enable-access-key', ...option)).code).toBe(1);
    expect(await kmsSigned('list-keys')).toMatchObject(ALLOWED);
  });

  test('added and removed roles take effect with the next request', async () => {
    const headers = await newToken();
    const role = (name: string) => ['--user', user.user_id, '--project', project, '--role', name];
    expect(await runJson('add-role', ...role('KMS CMKReadOnlyAccess'))).toMatchObject({
      roles: ['KMS CMKFullAccess', 'KMS CMKReadOnlyAccess'],
    });
    await runJson('remove-role', ...role('KMS CMKFullAccess'));
    expect(await kms('create-key', headers, { key_alias: 'a' })).toMatchObject({ status: 403, code: 'KMS.0307' });
    expect(await kms('list-keys', headers)).toMatchObject(ALLOWED);

    expect(await runJson('remove-role', ...role('KMS CMKReadOnlyAccess'))).toMatchObject({ roles: [] });
    expect(await kms('list-keys', headers)).toMatchObject({ status: 403, code: 'KMS.0307' });
    expect((await kmsSigned('list-keys')).status).toBe(403);
    expect(await run('remove-role', ...role('KMS CMKReadOnlyAccess'))).toEqual({
      code: 1,
      out: '',
      err: `user ${user.user_id} has no role KMS CMKReadOnlyAccess in project ${project}; see list-users\n`,
    });

    await runJson('add-role', ...role('KMS CMKFullAccess'));
    expect(await kms('list-keys', headers)).toMatchObject(ALLOWED);
  });

  test('the list commands print projects, users with roles, access keys and roles, as JSON and as text', async () => {
    const [{ domain_id, ...projectRow }] = await runJson('list-projects');
    expect(projectRow).toEqual({ project_id: project, name: 'eu-1', domain_name: 'acme' });
    expect(domain_id).toMatch(/^[0-9a-f]{32}$/);
    const roles = { [project]: ['KMS CMKFullAccess'] };
    expect(await runJson('list-users')).toEqual([
      { user_id: user.user_id, name: 'alice', domain_name: 'acme', enabled: true, roles },
    ]);
    expect(await runJson('list-access-keys')).toEqual([
      { access_key: key.access_key, enabled: true, user_id: user.user_id, user_name: 'alice' },
    ]);
    expect(await runJson('list-roles')).toContainEqual({
      role: 'KMS CMKReadOnlyAccess',
      permissions: ['kms:cmk:list', 'kms:cmk:get', 'kms:grant:list'],
    });
    expect((await run('list-access-keys')).out).toBe(
      `access_key            enabled  user_id                           user_name
${key.access_key}  yes      ${user.user_id}  alice\n`,
    );
  });

  test('a secret is printed only once, with a line that says so, and never in a list', async () => {
    const bob = await run('create-user', '--project', project, '--name', 'bob', '--role', 'te_admin');
    const second = await run('create-access-key', '--user', user.user_id);
    expect(bob.out).toContain('The password is shown only now and cannot be read again');
    expect(second.out).toContain('The secret key is shown only now and cannot be read again');
    const password = /^password +(\S{24})$/m.exec(bob.out)?.[1];
    const secretKey = /^secret_key +(\S{40})$/m.exec(second.out)?.[1];
    expect([password, secretKey]).toEqual([expect.any(String), expect.any(String)]);
    const secrets = [password, secretKey, user.password, key.secret_key, 'scrypt:', 'secret', 'password'];
    const forms = [...LISTS, `events --project ${project}`].flatMap((list) => [list, `${list} --json`]);
    for (const form of forms) {
      const { out, err } = await run(...form.split(' '));
      for (const secret of secrets) expect(`${form}: ${out}${err}`).not.toContain(secret);
    }
  });

  test('a failing command prints one line, exits with 1, and writes nothing', async () => {
    const failures: [string, string[]][] = [
      ['there is no project', ['create-user', '--project', NO_ID, '--name', 'carol', '--role', 'te_admin']],
      ['unknown role; one of: te_admin, ', ['create-user', '--project', project, '--name', 'carol', '--role', 'boss']],
      ['there is already a user', ['create-user', '--project', project, '--name', 'alice', '--role', 'te_admin']],
      ['domain acme already has a project', ['create-project', '--domain', 'acme', '--name', 'eu-1']],
      ['there is no user', ['create-access-key', '--user', NO_ID]],
      ['there is no user', ['add-role', '--user', NO_ID, '--project', project, '--role', 'te_admin']],
      ['unknown role', ['add-role', '--user', user.user_id, '--project', project, '--role', 'boss']],
      ['there is no user', ['disable-user', '--user', NO_ID]],
      ['there is no user', ['reset-password', '--user', NO_ID]],
      ['there is no user', ['delete-user', '--user', NO_ID]],
      ['there is no access key', ['delete-access-key', '--access-key', 'A'.repeat(20)]],
      ['there is no access key', ['enable-access-key', '--access-key', 'A'.repeat(20)]],
      ['there is no project', ['events', '--project', NO_ID]],
    ];
    const lists = () => Promise.all(LISTS.map((name) => runJson(name)));
    const before = await lists();
    await mapWithConcurrency(failures, 4, async ([line, args]) => {
      const err = expect.stringMatching(new RegExp(`^${line}.*\n$`));
      expect({ args, ...(await run(...args)) }).toEqual({ args, code: 1, out: '', err });
    });
    expect(await lists()).toEqual(before);
  });

  test('events lists the newest events first, of a project, a key or a grant, up to --limit', async () => {
    const headers = await newToken();
    const [first, second] = [await newKey('first'), await newKey('second')];
    const grant_id = await newGrant(first);
    await kms('revoke-grant', headers, { key_id: first, grant_id, sequence: '919c82d4-8046-4722-9094-35c3c6524cff' });

    const events = async (...filter: string[]) => {
      const list: { action: string; key_id: string }[] = await runJson('events', '--project', project, ...filter);
      return list.map(({ action, key_id }) => `${action} ${key_id === first ? 'first' : 'second'}`);
    };
    const newest = ['revoke-grant first', 'create-grant first', 'create-key second', 'create-key first'];
    expect(await events()).toEqual(newest);
    expect(await events('--limit', '3')).toEqual(newest.slice(0, 3));
    expect(await events('--key', second)).toEqual(['create-key second']);
    expect(await events('--grant', grant_id.toUpperCase())).toEqual(newest.slice(0, 2));

    const [event] = await runJson('events', '--project', project, '--limit', '1');
    expect(event).toMatchObject({
      action: 'revoke-grant',
      actor: user.user_id,
      channel: 'http',
      sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
      grant: { grant_id, grantee_principal: NO_ID, operations: ['describe-key'] },
    });
    expect((await run('events', '--project', project)).out).toMatch(
      new RegExp(`^at .*\n\\S+Z +revoke-grant +http +${user.user_id} +${first} +${grant_id} +${NO_ID}\n`),
    );
  });

  test('events with --key and --grant lists only events that match both', async () => {
    const [other, grant] = [await newKey('third'), await newGrant(await newKey('fourth'))];
    expect(await runJson('events', '--project', project, '--key', other, '--grant', grant)).toEqual([]);
  });

  test('delete-user revokes tokens and deletes access keys from the next request on; its grants stay listed and revocable', async () => {
    const role = ['--role', 'KMS CMKReadOnlyAccess'];
    const leaver = await runJson('create-user', '--project', project, '--name', 'leaver', ...role);
    const leaversKey = await runJson('create-access-key', '--user', leaver.user_id);
    const headers = await newToken(leaver);
    const key_id = await newKey('of-leaver');
    const grant_id = await newGrant(key_id, leaver.user_id);
    expect(await kms('list-keys', headers)).toMatchObject({ status: 200 });

    expect(await runJson('delete-user', '--user', leaver.user_id)).toEqual({ user_id: leaver.user_id, deleted: true });
    expect(await kms('list-keys', headers)).toMatchObject(UNAUTHENTICATED);
    expect(await kmsSigned('list-keys', leaversKey)).toMatchObject(UNAUTHENTICATED);
    expect((await logIn(leaver)).status).toBe(401);
    expect(JSON.stringify(await runJson('list-users'))).not.toContain(leaver.user_id);

    const listed = await kms('list-principal-grants', await newToken(), { grantee_principal: leaver.user_id });
    expect(listed).toMatchObject({ status: 200, body: { total: 1, grants: [{ grant_id }] } });
    expect(await kms('revoke-grant', await newToken(), { key_id, grant_id })).toMatchObject({ status: 200 });
    expect(await run('verify')).toMatchObject({ code: 0 });
  });
});
