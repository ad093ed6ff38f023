/** Starts the measured servers, the service and the floor, as processes of their own. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import type { Demo } from '../local/demo.ts';
import type { StoredReply } from './floor.ts';

export interface ServerProcess {
  port: number;
  child: ChildProcess;
}

export interface Reply {
  status: number | undefined;
  headers: [name: string, value: string][];
  body: string;
}

const READY_MS = 10_000;
const STOP_MS = 5_000;

/** Headers that node:http adds itself. */
const NODE_HEADERS = ['Date', 'Connection', 'Keep-Alive'];

export const settingsOf = (dataDir: string) => ({
  DATA_DIR: dataDir,
  PORT: '0',
  GRANTS_PER_KEY: '1000000',
  KEYS_PER_PROJECT: '1000',
});

export const pathOf = (projectId: string, name: string) => `/v1.0/${projectId}/kms/${name}`;

/** Starts the service on a free port. Its output goes to a file, as in production. */
export async function startService(dataDir: string, settings: Record<string, string> = {}): Promise<ServerProcess> {
  const log = join(dataDir, 'service.log');
  const file = openSync(log, 'a');
  const child = spawn(process.execPath, ['local/start.ts'], {
    cwd: join(import.meta.dirname, '..'),
    env: { PATH: process.env['PATH'], ...settingsOf(dataDir), ...settings },
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  const untilMs = performance.now() + READY_MS;
  while (child.exitCode === null && performance.now() < untilMs) {
    const listening = /kms-grants listens on \S+:(\d+)\n/.exec(readFileSync(log, 'utf8'));
    if (listening) return { port: Number(listening[1]), child };
    await after(10);
  }
  child.kill('SIGKILL');
  throw new Error(`the service did not start:\n${readFileSync(log, 'utf8')}`);
}

/** Starts the floor with a reply for each path, and checks that it replies with the same bytes as the service. */
export async function startFloor(replies: ReadonlyMap<string, Reply>): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, 'floor.ts'), { execArgv: [] });
  const storedReplies: StoredReply[] = [...replies].map(([path, { headers, body }]) => ({
    path,
    headers: Object.fromEntries(headers.filter(([name]) => !NODE_HEADERS.includes(name))),
    body,
  }));
  child.send(storedReplies);
  const [port] = await Promise.race([
    once(child, 'message') as Promise<[number]>,
    once(child, 'exit').then(() => Promise.reject(new Error('the floor did not start'))),
  ]);
  for (const [path, reply] of replies) {
    const [floor, service] = [contentOf(await send(port, path, '', {})), contentOf(reply)];
    if (floor !== service)
      throw new Error(`the replies of floor and service differ:\n${floor.slice(0, 400)}\n${service.slice(0, 400)}`);
  }
  return { port, child };
}

/** Stops the process, with SIGKILL if SIGTERM does not end it in time. */
export async function stop({ child }: ServerProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(force);
}

/** Logs in as the demo's creator over HTTP. @returns the token */
export async function logIn(port: number, { project_id, users: [creator] }: Demo): Promise<string> {
  const user = { id: creator?.user_id, password: creator?.password };
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { id: project_id } } };
  const { status, headers, body } = await send(port, '/v3/auth/tokens', '', { auth });
  const token = new Map(headers).get('x-subject-token');
  if (status !== 201 || !token) throw new Error(`the login failed: ${status} ${body}`);
  return token;
}

/** Sends one request with a token, outside of any measurement. */
export function send(port: number, path: string, token: string, body: object): Promise<Reply> {
  return sendJson(port, path, { 'x-auth-token': token }, JSON.stringify(body));
}

export async function sendJson(
  port: number,
  path: string,
  headers: Record<string, string>,
  json: string,
): Promise<Reply> {
  const request = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers });
  request.end(json);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { statusCode, rawHeaders } = response;
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  const values = rawHeaders.filter((_, index) => index % 2 === 1);
  return {
    status: statusCode,
    headers: names.map((name, index) => [name, values[index] ?? '']),
    body: await text(response),
  };
}

/** The reply without the value of its Date header. */
function contentOf({ status, headers, body }: Reply): string {
  return JSON.stringify([status, headers.map(([name, value]) => (name === 'Date' ? [name] : [name, value])), body]);
}
