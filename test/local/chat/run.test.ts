/**
 * The chat command against a small server that verifies signatures as a service does.
 * Also tests: local/chat/, local/demo-chat.ts.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { parseConfig } from '../../../lib/config.ts';
import { runChat } from '../../../local/chat/run.ts';
import { demoHooks } from '../../../local/demo-chat.ts';
import { newDataDir } from '../../support/process.ts';

const PROJECT = 'a0000000000000000000000000000001';

let folder: string;
let server: Server;
let port: number;
let hooksFile: string;
let secret: string;
/** The commands that arrived with a valid signature. */
let received: { path: string | undefined; body: Record<string, unknown> }[];
let reply: { status: number; body: unknown };

const button = { label: 'Revoke', command: 'confirm 0123' };
const message = { text: 'Revoke 1 grant?\nKey: orders\nRevoke: confirm 0123', tone: 'warning', buttons: [button] };

beforeEach(async () => {
  const hooks = demoHooks(PROJECT) as { bot: { secrets: [string] } };
  [secret] = hooks.bot.secrets;
  folder = newDataDir();
  hooksFile = join(folder, 'hooks.json');
  writeFileSync(
    hooksFile,
    JSON.stringify({
      ...hooks,
      okta: { ...hooks.bot, kind: 'okta', actions: ['principal.disabled'], may_approve: undefined },
    }),
  );
  received = [];
  reply = { status: 200, body: { messages: [message] } };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    new Webhook(secret).verify(body, request.headers as Record<string, string>);
    received.push({ path: request.url, body: JSON.parse(body) });
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) =>
  runChat(args, () => parseConfig({ PORT: String(port), HOOKS: `file:${hooksFile}`, DATA_DIR: folder }));

test('signs the command with the secret in HOOKS, and prints the answer with the command line for each button', async () => {
  expect(await run('--as', 'creator', 'revoke', 'orders', '01a2')).toEqual({
    code: 0,
    out: 'Revoke 1 grant?\nKey: orders\n\nRevoke:\n  npm run -s chat -- --as creator confirm 0123\n',
    err: '',
  });
  expect(received).toEqual([
    { path: '/hooks/bot', body: { command: 'revoke orders 01a2', actor: 'creator', request_id: expect.any(String) } },
  ]);
});

test('sends channel and language, and a mention as a person of the source; the next command line has them too', async () => {
  const { out } = await run('--as', 'ann b', '--channel', 'incident', '--locale', 'zh', 'who @bob a@b');
  expect(out).toContain("npm run -s chat -- --as 'ann b' --channel incident --locale zh confirm 0123");
  expect(received[0]?.body).toMatchObject({
    command: 'who <@bob> a@b',
    actor: 'ann b',
    channel: 'incident',
    locale: 'zh',
  });
});

test('the printed command for an approval asks for another person than the requester', async () => {
  reply.body = {
    messages: [{ text: 'Approve?', tone: 'warning', buttons: [{ label: 'Approve', command: 'approve 01' }] }],
  };
  expect((await run('--as', 'ann', 'ask 01')).out).toContain('npm run -s chat -- --as <another person> approve 01');
});

test('each command has a request_id of its own', async () => {
  await run('--as', 'ann', 'keys');
  await run('--as', 'ann', 'keys');
  expect(received[0]?.body['request_id']).not.toBe(received[1]?.body['request_id']);
});

test('--json prints the whole answer', async () => {
  const { code, out } = await run('--as', 'ann', '--json', 'keys');
  expect([code, JSON.parse(out)]).toEqual([0, { messages: [message] }]);
});

test('--secret-file and --url take the place of HOOKS and of HOST and PORT', async () => {
  const file = join(folder, 'secret');
  writeFileSync(file, `${secret}\n`);
  const url = `http://127.0.0.1:${port}`;
  const args = ['--as', 'ann', '--url', url, '--secret-file', file, '--source', 'ops', 'keys'];
  const { code, out } = await runChat(args, () => parseConfig({ PORT: '1', DATA_DIR: folder }));
  expect(code).toBe(0);
  expect(out).toContain(`npm run -s chat -- --as ann --source ops --url ${url} --secret-file ${file} confirm 0123`);
  expect(received[0]?.path).toBe('/hooks/ops');
});

describe('exits with 1', () => {
  test('when the command is refused, and prints the refusal', async () => {
    reply.body = { messages: [{ text: 'You may not', tone: 'bad', buttons: [] }] };
    expect(await run('--as', 'ann', 'keys')).toEqual({ code: 1, out: 'You may not\n', err: '' });
  });

  test('when the service refuses the request', async () => {
    reply = { status: 401, body: { error_msg: 'Incorrect IAM authentication information' } };
    const { code, err } = await run('--as', 'ann', 'keys');
    expect([code, err]).toEqual([1, 'refused with status 401: Incorrect IAM authentication information\n']);
  });

  test.each([['x'], [{}], [null]])('when the reply is no answer of chat: %j', async (body) => {
    reply.body = body;
    expect(await run('--as', 'ann', 'keys')).toEqual({ code: 1, out: '', err: expect.stringContaining('status 200') });
  });

  test('when no service answers, and says how to start it', async () => {
    const { code, err } = await run('--as', 'ann', '--url', 'http://127.0.0.1:1', 'keys');
    expect([code, err]).toEqual([1, expect.stringContaining('npm start')]);
  });

  test.each([
    ['another kind', ['--source', 'okta'], 'HOOKS has no source okta of the kind bot'],
    ['no such source', ['--source', 'other'], 'HOOKS has no source other of the kind bot'],
  ])('for a source of %s', async (_, options, problem) => {
    expect(await run('--as', 'ann', ...options, 'keys')).toEqual({ code: 1, out: '', err: `${problem}\n` });
    expect(received).toEqual([]);
  });

  test('without HOOKS and without a demo', async () => {
    const { code, err } = await runChat(['--as', 'ann', 'keys'], () => parseConfig({ DATA_DIR: folder }));
    expect([code, err]).toEqual([1, expect.stringContaining('HOOKS is not set')]);
  });

  test('for a secret file without a secret, which is not repeated', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'not-a-secret-in-this-form');
    const { code, err } = await run('--as', 'ann', '--secret-file', file, 'keys');
    expect([code, err]).toEqual([1, expect.stringContaining('must be whsec_')]);
    expect(err).not.toContain('not-a-secret');
  });
});

test.each([
  [[], '--as is missing'],
  [['--as', 'ann'], 'the command is missing'],
  [['keys'], '--as is missing'],
  [['--as', 'ann', '--nope', 'keys'], "Unknown option '--nope'"],
  [['--as', 'ann', '--url', 'here', 'keys'], '--url must be an origin'],
  [['--as', 'ann', '--url', 'http://127.0.0.1/x', 'keys'], '--url must be an origin'],
  [['--as', 'ann', '--source', '../jobs', 'keys'], '--source must be a name in HOOKS'],
])('the arguments %j exit with 2', async (args, problem) => {
  const { code, out, err } = await run(...args);
  expect([code, out, err]).toEqual([2, '', expect.stringContaining(problem)]);
  expect(err).toContain('npm run -s chat -- --help');
});

test('--help prints the options and reads no setting', async () => {
  const { code, out } = await runChat(['--help'], () => {
    throw new Error('a setting is invalid');
  });
  expect(code).toBe(0);
  for (const word of ['--as', '--source', '--url', '--secret-file', '--channel', '--locale', '--json', 'Exit code']) {
    expect(out).toContain(word);
  }
});
