/**
 * Three processes: the test as client, the backend, and a standalone instance as the upstream. The fault proxy is
 * between backend and upstream. The upstream is also the IAM, which the backend calls without the proxy.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import type { Demo, DemoUser } from '../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';
import { type Answer, type Client, openClient } from './client.ts';
import { keepLog } from './log.ts';
import { type FaultProxy, type ProxyOptions, startProxy } from './proxy.ts';
import { type RedirectTarget, startRedirectTarget } from './redirect-target.ts';

/** Calls an API in the demo project with a token of `user`. */
export type CallApi = (user: DemoUser, name: string, body: object) => Promise<Answer>;

export interface UpstreamFixture {
  upstream: ServiceProcess;
  upstreamDir: string;
  proxy: FaultProxy;
  redirectTarget: RedirectTarget;
  /** The running process; `startBackend` replaces it. */
  backend(): ServiceProcess;
  /** Everything that the running backend has printed. */
  log(): string;
  demo: Demo;
  creator: DemoUser;
  grantee: DemoUser;
  reader: DemoUser;
  administrator: DemoUser;
  callBackend: CallApi;
  /** Calls the upstream directly, without backend and proxy. */
  callUpstream: CallApi;
  token(user: DemoUser): string;
  /** The events of the backend, oldest first. */
  backendEvents(): Promise<ChangeEvent[]>;
  /** The events of the upstream, oldest first. */
  upstreamEvents(): Promise<ChangeEvent[]>;
  /** Starts the backend again on its data folder. */
  startBackend(): Promise<void>;
  stop(): Promise<void>;
}

export interface UpstreamFixtureOptions extends ProxyOptions {
  /** Settings of the backend, or a function that returns them once the upstream has created the demo. */
  env?: Record<string, string> | ((demo: Demo, folder: string) => Record<string, string>);
}

export async function openUpstreamFixture(options: UpstreamFixtureOptions = {}): Promise<UpstreamFixture> {
  const folder = newDataDir();
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await open(folder, options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param stops receives a function for each process and server, which stops it */
async function open(
  folder: string,
  { env = {}, ...proxyOptions }: UpstreamFixtureOptions,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<UpstreamFixture, 'stop'>> {
  const [upstreamDir, backendDir] = [join(folder, 'upstream'), join(folder, 'backend')];
  const upstream = await startProcess(upstreamDir, [], { GRANTS_PER_KEY: '1000000' });
  stops.push(() => upstream.stop('SIGKILL'));
  keepLog(upstream);
  const demo = upstream.demo();
  const [creator, grantee, reader, administrator] = demo.users as [DemoUser, DemoUser, DemoUser, DemoUser];
  const proxy = await startProxy(upstream.url, proxyOptions);
  stops.push(() => proxy.stop());
  const redirectTarget = await startRedirectTarget();
  stops.push(() => redirectTarget.stop());
  const client = openClient();
  stops.push(async () => client.close());
  const tokens = new Map<string, string>();
  for (const user of demo.users) tokens.set(user.user_id, await login(client, upstream.url, demo.project_id, user));
  let backend: ServiceProcess;
  let log: () => string;

  async function startBackend(): Promise<void> {
    backend = await startProcess(backendDir, ['--no-demo'], {
      AUTHORITY: 'upstream',
      IDENTITY: 'keystone',
      KMS_CREDENTIALS: 'caller',
      KMS_ENDPOINT: proxy.url,
      IAM_ENDPOINT: upstream.url,
      KMS_RATE_PER_SECOND: '1000',
      ...(typeof env === 'function' ? env(demo, folder) : env),
    });
    log = keepLog(backend);
  }
  await startBackend();
  stops.push(() => backend.stop('SIGKILL'));

  const token = (user: DemoUser) => tokens.get(user.user_id) ?? '';
  const at = (url: () => string): CallApi => {
    return (user, name, body) => client.post(`${url()}/v1.0/${demo.project_id}/kms/${name}`, token(user), body);
  };
  return {
    upstream,
    upstreamDir,
    proxy,
    redirectTarget,
    backend: () => backend,
    log: () => log(),
    demo,
    creator,
    grantee,
    reader,
    administrator,
    callBackend: at(() => backend.url),
    callUpstream: at(() => upstream.url),
    token,
    backendEvents: () => eventsIn(backendDir, demo.project_id),
    upstreamEvents: () => eventsIn(upstreamDir, demo.project_id),
    startBackend,
  };
}

async function login(
  { post }: Client,
  url: string,
  projectId: string,
  { user_id: id, password }: DemoUser,
): Promise<string> {
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const auth = { identity, scope: { project: { id: projectId } } };
  const { headers } = await post(`${url}/v3/auth/tokens`, '', { auth });
  return headers.get('x-subject-token') ?? '';
}

/** Reads the events from the store of a process, which may be running. */
async function eventsIn(dataDir: string, projectId: string): Promise<ChangeEvent[]> {
  const store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  try {
    return (await store.events.list(projectId, {}, 1_000_000)).toReversed();
  } finally {
    await store.close();
  }
}
