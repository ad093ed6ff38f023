/**
 * The hook command against a running service: a sample of each kind, and what the command says when it is refused.
 * Also tests: local/hook/, local/hook.ts, local/command-line.ts.
 */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Config, parseConfig } from '../../../lib/config.ts';
import { runHook } from '../../../local/hook/run.ts';
import { SAMPLE_KINDS, sampleOf } from '../../../local/hook/samples.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { CHILD_ENV, newDataDir } from '../../support/process.ts';
import {
  OTHER_SECRET,
  PLAIN_SECRET,
  SECRET,
  startWebhookFixture,
  type WebhookFixture,
} from '../../webhooks/fixture.ts';

/** What an entry of the kind needs besides the fields of all kinds. */
const ENTRIES: Readonly<Record<string, object>> = {
  gitguardian: { trust_email: true, events: { new_occurrence: 'principal.disabled' } },
  smn: { topics: ['urn:smn:ap-southeast-1:0a1b2c3d4e5f60718293a4b5c6d7e8f9:iam-events'] },
  sns: { topics: ['arn:aws:sns:eu-central-1:123456789012:iam-events'] },
  standard: { secrets: [SECRET] },
  ssf: { issuer: 'https://idp.example.com/', audience: ['https://kms.example.com/hooks/ssf/events', 'other'] },
};

/** A person in the form in which the kind names people; any text by default. */
const PEOPLE: Readonly<Record<string, string>> = { gitguardian: 'ann@acme.com', 'github-org': '4711', gitlab: '4712' };

/** How a mapping names the person, where a kind does not use the text as it is. */
const IDENTITIES: Readonly<Record<string, (person: string) => string>> = {
  github: (person) => `sha256:${createHash('sha256').update(person).digest('hex')}`,
};

let fixture: WebhookFixture;
let config: Config;
let entries: Record<string, object>;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  const { hostname, port } = new URL(fixture.service.url);
  config = { ...fixture.service.services.config, host: hostname, port: Number(port) };
  const common = { projects: [fixture.service.demo.project_id], actions: ['principal.disabled'] };
  entries = {};
  for (const kind of SAMPLE_KINDS) {
    const { signsWithPrivateKey } = await sampleOf(kind);
    const secrets = signsWithPrivateKey ? [JSON.parse((await run('key', kind)).out)] : [PLAIN_SECRET];
    entries[kind] = { kind, secrets, ...common, ...ENTRIES[kind] };
  }
  fixture.setSources({ ...entries, narrow: { ...entries['workos'], actions: ['grant.revoke'] } });
});
afterAll(() => fixture.stop());

const run = (...args: string[]) =>
  runHook(
    args,
    () => config,
    () => fixture.service.clock.nowMs,
  );

/** Runs the command with other sources in HOOKS than those of the service. */
function runWith(sources: object, ...args: string[]) {
  const folder = newDataDir();
  const path = join(folder, 'hooks.json');
  writeFileSync(path, JSON.stringify(sources), { mode: 0o600 });
  const changed = { ...config, hooks: { kind: 'file' as const, path } };
  return runHook(
    args,
    () => changed,
    () => fixture.service.clock.nowMs,
  ).finally(() => rmSync(folder, { recursive: true }));
}

test.each(SAMPLE_KINDS)('the hook command with the kind %s revokes the grants of the person', async (kind) => {
  const { service } = fixture;
  const principal = randomUUID().replaceAll('-', '');
  // A trace of the cloud names the principal itself.
  const person = kind === 'smn' ? principal : (PEOPLE[kind] ?? `person-${kind}`);
  const grantId = await newGrant(service, await newKey(service), { grantee_principal: principal });
  const identity = IDENTITIES[kind]?.(person) ?? person;
  const source = kind === 'github' ? '*' : kind;
  await service.services.store.mappings.put({ source, identity, grantee: principal });

  const { code, out, err } = await run(kind, '--source', kind, '--person', person, '--wait');
  expect({ code, err, out }).toEqual({ code: 0, err: '', out: expect.stringContaining('state: done\nrevoked: 1\n') });
  const [, jobId] = /^job: ([0-9a-f]{32})$/m.exec(out) ?? [];
  const { events } = okBody(await service.kms(service.creator, 'list-grant-events', { grant_id: grantId }));
  expect(events[0]).toMatchObject({ actor: `hook:${kind}`, channel: 'webhook', request_id: jobId });
});

test('without --person, the sample is about nobody, and its job ends as unmapped', async () => {
  const { code, out } = await run('okta', '--wait');
  expect(code).toBe(0);
  expect(out).toContain('sent: user.lifecycle.deactivate of nobody@example.com to http://127.0.0.1:');
  expect(out).toContain('/hooks/okta\nstatus: 200\n');
  expect(out).toContain('state: unmapped\nrevoked: 0\n');
});

test('without --wait, the command names the job and how to see it', async () => {
  const { code, out } = await run('standard');
  expect(code).toBe(0);
  expect(out).toMatch(/^job: [0-9a-f]{32}\nSee it with: npm run -s admin -- jobs\n$/m);
});

test.each([
  ['okta', 'user.session.start', 'ignored'],
  ['workos', 'dsync.user.updated', 'unmapped'],
  ['standard', 'employee.hired', 'ignored'],
  ['ssf', 'session-revoked', 'ignored'],
  ['ssf', 'verification', 'ignored'],
  ['ssf', 'scim-delete', 'needs-person'],
])('--event sends another event: %s %s ends as %s', async (kind, event, state) => {
  const { code, out } = await run(kind, '--source', kind, '--event', event, '--wait');
  expect([code, out]).toEqual([0, expect.stringContaining(`state: ${state}\n`)]);
});

describe('--print', () => {
  test('--print prints the request with its signature, sends nothing and shows no secret', async () => {
    const before = (await fixture.service.services.store.jobs.list(1000)).length;
    const { code, out } = await run('standard', '--print', '--person', 'ann');
    expect(code).toBe(0);
    expect(out).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/hooks\/standard\n/);
    expect(out).toMatch(/^webhook-signature: v1,[A-Za-z0-9+/]{43}=$/m);
    expect(out).toContain('"data":{"identity":"ann"');
    expect(await fixture.service.services.store.jobs.list(1000)).toHaveLength(before);
  });

  test.each(['okta', 'scim'])('--print replaces the secret that %s sends in a header', async (kind) => {
    const { out } = await run(kind, '--print');
    expect(out).toContain('authorization: ***\n');
    expect(out).not.toContain(PLAIN_SECRET);
  });
});

describe('key', () => {
  test('the command key makes a key that only its owner can read, once, and prints its public part as a JSON string', async () => {
    const first = await run('key', 'ssf');
    expect(first.code).toBe(0);
    expect(JSON.parse(JSON.parse(first.out))).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(JSON.parse(JSON.parse(first.out))).not.toHaveProperty('d');
    expect(await run('key', 'ssf')).toEqual(first);
    expect(statSync(join(config.dataDir, 'hook-key-ssf.pem')).mode & 0o777).toBe(0o600);
  });

  test('the command key is refused for a kind that signs with its secret', async () => {
    const { code, err } = await run('key', 'okta');
    expect([code, err]).toEqual([2, expect.stringContaining('the kind okta needs no key')]);
  });

  test('without a private key, a sample that needs one is not sent, and the command says how to make it', async () => {
    const dataDir = newDataDir();
    const { code, err } = await runHook(['ssf'], () => ({ ...config, dataDir }));
    expect([code, err]).toEqual([1, expect.stringContaining('Make one with: npm run -s hook -- key ssf')]);
    rmSync(dataDir, { recursive: true });
  });
});

describe('exits with 1', () => {
  test.each(['standard', 'ssf'])(
    'the command exits with 1 when the service has other secrets for the source: %s',
    async (kind) => {
      const other = { standard: { ...entries['standard'], secrets: [OTHER_SECRET] }, ssf: { ...entries['ssf'] } };
      // A key that was made in another data folder.
      const dataDir = newDataDir();
      await runHook(['key', 'ssf'], () => ({ ...config, dataDir }));
      config = { ...config, dataDir };
      const { code, err } = await runWith(other, kind);
      config = { ...config, dataDir: fixture.service.dataDir };
      rmSync(dataDir, { recursive: true });
      expect([code, err]).toEqual([1, expect.stringMatching(/^refused with status 40[01]: /)]);
      expect(err).toContain(`The service does not know the source ${kind}, or has other secrets for it`);
      expect(err).not.toContain(OTHER_SECRET);
    },
  );

  test('the command exits with 1 when actions does not allow the event, and says so', async () => {
    const { code, err } = await run('workos', '--source', 'narrow');
    expect(code).toBe(1);
    expect(err).toContain('refused with status 403: No access permissions. The setting HOOKS does not allow');
    expect(err).toContain('Add what the event needs to actions or projects of the source narrow in HOOKS.');
  });

  test('the command exits with 1 when no service answers, and says how to start it', async () => {
    const { code, err } = await run('okta', '--url', 'http://127.0.0.1:1');
    expect([code, err]).toEqual([1, expect.stringContaining('Start it with npm start')]);
  });

  test('the command exits with 1 when the source of the kind scim has no such user, and says how to find one', async () => {
    const { code, err } = await run('scim', '--person', 'nobody');
    expect([code, err]).toEqual([1, expect.stringMatching(/^refused with status 404: .*\n.*scim-users --source scim/)]);
  });

  test('the command exits with 1 when another program answers', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { code, err } = await run('okta', '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await new Promise((resolve) => server.close(resolve));
    expect([code, err]).toEqual([1, expect.stringContaining('--url must be the address of this service')]);
  });

  test.each([
    ['no source of the kind', {}, [], 'HOOKS has no source of the kind okta'],
    ['another kind', { a: 'okta', b: 'standard' }, ['--source', 'b'], 'HOOKS has no source b of the kind okta'],
    ['several of the kind', { a: 'okta', b: 'okta' }, [], 'name one with --source (a, b)'],
  ])('the hook command exits with 1 when HOOKS has %s', async (_, kinds, options, problem) => {
    const sources = Object.entries(kinds).map(([name, kind]) => [name, entries[kind]]);
    const { code, err } = await runWith(Object.fromEntries(sources), 'okta', ...options);
    expect([code, err]).toEqual([1, expect.stringContaining(problem)]);
  });

  test('the command exits with 1 when HOOKS is not set, or cannot be used, without a part of a secret', async () => {
    const unset = await runHook(['okta'], () => parseConfig({}));
    expect([unset.code, unset.err]).toEqual([1, expect.stringContaining('HOOKS is not set')]);
    const invalid = await runWith({ okta: { ...entries['okta'], secrets: ['short-secret'] } }, 'okta');
    expect([invalid.code, invalid.err]).toEqual([1, expect.stringContaining('okta.secrets.0: must be')]);
    expect(invalid.err).not.toContain('short-secret');
    const absent = { ...config, hooks: { kind: 'file' as const, path: join(config.dataDir, 'absent.json') } };
    const unreadable = await runHook(['okta'], () => absent);
    expect([unreadable.code, unreadable.err]).toEqual([1, expect.stringMatching(/^HOOKS cannot be used: ENOENT/)]);
  });

  test.each([
    ['standard', 'key.compromised', { actions: ['key.compromised'] }, 'samples are about a person'],
    ['github', 'secret.lost', {}, 'this kind has one event: secret.found'],
    ['scim', 'user.renamed', {}, 'this kind can send: user.deactivated, user.deleted'],
    ['ssf', 'account-renamed', {}, 'this kind can send: account-disabled'],
    ['standard', 'principal.disabled', { secrets: [`whpk_${'A'.repeat(43)}=`] }, 'with which nobody can sign'],
  ])(
    'the hook command exits with 1 when the kind %s cannot send the event %s',
    async (kind, event, change, problem) => {
      const { code, err } = await runWith({ one: { ...entries[kind], ...change } }, kind, '--event', event);
      expect([code, err]).toEqual([1, expect.stringContaining(problem)]);
    },
  );
});

test.each([
  [[], 'the kind is missing'],
  [['key'], 'the kind is missing'],
  [['nope'], 'the kind must be one of: '],
  [['okta', 'scim'], 'there is more than one kind'],
  [['okta', '--nope'], "Unknown option '--nope'"],
  [['okta', '--url', 'here'], '--url must be an origin'],
  [['okta', '--url', 'http://127.0.0.1/x'], '--url must be an origin'],
  [['okta', '--url', 'http://kms.example.com'], '--url must begin with https:// for another machine'],
  [['okta', '--url', 'http://127.0.0.1.example.com'], '--url must begin with https:// for another machine'],
])('the hook command exits with 2 for the arguments %j', async (args, problem) => {
  const { code, out, err } = await run(...args);
  expect([code, out, err]).toEqual([2, '', expect.stringContaining(problem)]);
  expect(err).toContain('npm run -s hook -- --help');
});

test.each(['--help', 'help'])(
  'the hook command with %s prints the options and every kind, and reads no setting',
  async (help) => {
    const { code, out } = await runHook([help], () => {
      throw new Error('a setting is invalid');
    });
    expect(code).toBe(0);
    for (const word of [
      '--source',
      '--person',
      '--event',
      '--url',
      '--wait',
      '--print',
      'Exit code',
      ...SAMPLE_KINDS,
    ]) {
      expect(out).toContain(word);
    }
  },
);

test('the command as a process prints to standard output what a shell can use, and the rest to standard error', async () => {
  const dataDir = newDataDir();
  const options = { env: { ...CHILD_ENV, DATA_DIR: dataDir } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['local/hook.ts', 'key', 'github'], options);
  expect(JSON.parse(stdout)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  expect(stderr).toBe('Put this public key into secrets of the source:\n');
  rmSync(dataDir, { recursive: true });
});
