/** SIGTERM and SIGINT: requests in progress get replies, idle connections are closed, the process exits with 0. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';

let dataDir: string;
let running: ServiceProcess[];
let sockets: Socket[];

beforeEach(() => {
  dataDir = newDataDir();
  running = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const service of running) await service.stop('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

async function start(): Promise<ServiceProcess> {
  const service = await startProcess(dataDir);
  running.push(service);
  return service;
}

async function tokenOf(service: ServiceProcess): Promise<string> {
  const { users, project_id } = service.demo();
  const { user_id: id, password } = users[0] as DemoUser;
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const response = await fetch(`${service.url}/v3/auth/tokens`, {
    method: 'POST',
    headers: { connection: 'close' },
    body: JSON.stringify({ auth: { identity, scope: { project: { id: project_id } } } }),
  });
  return response.headers.get('x-subject-token') ?? '';
}

async function open(service: ServiceProcess): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Reads until the other side closes the connection. */
async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sends the headers of a create-grant, waits for 100 Continue, and sends the first bytes of the body. */
async function startRequest(service: ServiceProcess, token: string, body: string): Promise<Socket> {
  const socket = await open(service);
  socket.write(
    [
      `POST /v1.0/${service.demo().project_id}/kms/create-grant HTTP/1.1`,
      'host: localhost',
      `x-auth-token: ${token}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  const [reply] = await once(socket, 'data');
  expect(String(reply)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write(body.slice(0, 10));
  return socket;
}

/** Waits until the service accepts no more connections. */
async function untilClosed(service: ServiceProcess): Promise<void> {
  const port = Number(new URL(service.url).port);
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (!isOpen) return;
  }
}

test('requests in progress at SIGTERM get 200, and their changes are there after a restart', async () => {
  const service = await start();
  const token = await tokenOf(service);
  const { keys, users, grants } = service.demo();
  const key_id = keys[0]?.key_id;
  const body = JSON.stringify({ key_id, grantee_principal: users[1]?.user_id, operations: ['describe-key'] });
  const inProgress = await Promise.all(Array.from({ length: 8 }, () => startRequest(service, token, body)));
  const ended = once(service.child, 'exit');
  service.child.kill('SIGTERM');
  await untilClosed(service);
  const replies = await Promise.all(
    inProgress.map((socket) => {
      socket.write(body.slice(10));
      return readToEnd(socket);
    }),
  );
  const ids = replies.map((reply) => {
    expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(reply.toLowerCase()).toContain('\r\nconnection: close\r\n');
    return /"grant_id":"([a-f0-9]{64})"/.exec(reply)?.[1];
  });
  expect(await ended).toEqual([0, null]);

  const restarted = await start();
  const response = await fetch(`${restarted.url}/v1.0/${restarted.demo().project_id}/kms/list-grants`, {
    method: 'POST',
    headers: { 'X-Auth-Token': token },
    body: JSON.stringify({ key_id }),
  });
  const list = (await response.json()) as { grants: { grant_id: string }[] };
  const listed = list.grants.map((grant) => grant.grant_id);
  const before = grants.filter((grant) => grant.key_id === key_id).map((grant) => grant.grant_id);
  expect(listed.toSorted()).toEqual([...before, ...ids].sort());
});

test('an idle keep-alive connection is closed and does not delay the exit', async () => {
  const service = await start();
  const socket = await open(service);
  socket.write('GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [reply] = await once(socket, 'data');
  expect(String(reply)).toMatch(/^HTTP\/1\.1 404 /);
  const ended = readToEnd(socket);
  const startedAtMs = performance.now();
  expect(await service.stop()).toBe(0);
  expect(await ended).toBe('');
  expect(performance.now() - startedAtMs).toBeLessThan(5000);
});

test('a connection without any request does not delay the exit', async () => {
  const service = await start();
  await tokenOf(service);
  await open(service);
  const startedAtMs = performance.now();
  expect(await service.stop()).toBe(0);
  expect(performance.now() - startedAtMs).toBeLessThan(5000);
});

test('SIGTERM right after the start makes the process exit with 0', async () => {
  const service = await start();
  expect(await service.stop()).toBe(0);
});

test('SIGTERM to the npm process of `npm start` also ends the service', async () => {
  const npm = spawn('npm', ['start', '--silent', '--', '--no-demo'], {
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const [line] = await once(npm.stdout, 'data');
    const socket = connect(Number(/:(\d+)\n/.exec(String(line))?.[1]), '127.0.0.1');
    sockets.push(socket);
    socket.write('GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'data');
    const ended = once(npm, 'exit');
    const closed = once(socket.resume(), 'close', { signal: AbortSignal.timeout(5000) });
    npm.kill('SIGTERM');
    await ended;
    await closed;
  } finally {
    killGroup(npm.pid as number);
  }
});

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s without requests in progress: the process exits with 0 and leaves no SQLite WAL file',
  async (signal) => {
    const service = await start();
    await tokenOf(service);
    expect(await service.stop(signal)).toBe(0);
    expect(existsSync(join(dataDir, 'kms-grants.db-wal'))).toBe(false);
  },
);
