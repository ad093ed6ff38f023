/**
 * The whole service over real HTTP, with a clock that the test sets. It runs in this process on a real store; in the
 * jest projects `upstream` and `upstream-service` it is a process of its own in front of another, the upstream KMS.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../lib/config.ts';
import type { Login } from '../../lib/identity/tokens.ts';
import { tokensOf } from '../../lib/identity/tokens.ts';
import { type Services, useServices } from '../../lib/services.ts';
import type { EventStore } from '../../lib/store/store.ts';
import { createDemoOnFirstStart, type Demo, type DemoUser } from '../../local/demo.ts';
import { createGateway, drain } from '../../local/gateway.ts';
import { openServices } from '../../local/open-services.ts';
import { startWorker, type Worker } from '../../local/worker.ts';
import { replyChecker } from './openapi/reply-check.ts';
import { report, watchReplies } from './openapi/watch.ts';
import { storeSettings } from './store.ts';
import { startCallerMode } from './upstream/caller-mode.ts';
import { startServiceMode } from './upstream/service-mode.ts';

export interface ApiResponse {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read replies of every form
  body: any;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON; text and bytes as they are. */
  body?: object | string | Uint8Array | undefined;
}

export interface RunningService {
  url: string;
  /** The data folder of the process that stores keys and grants: the upstream's, where there is one. */
  dataDir: string;
  /** The services of that process. */
  services: Services;
  /** The events of the service that `url` names. */
  events: EventStore;
  /** Whether it signs its calls to an upstream. */
  signsUpstreamCalls: boolean;
  demo: Demo;
  /** ms since 1970; set it to move the time of every process of the service. */
  clock: { nowMs: number };
  /** @returns a new token */
  login(login: Login): Promise<string>;
  stop(): Promise<void>;
}

export interface TestService extends Omit<RunningService, 'login'> {
  creator: DemoUser;
  grantee: DemoUser;
  reader: DemoUser;
  administrator: DemoUser;
  /** Sends a request, POST unless `options` say otherwise. */
  send(path: string, options?: RequestOptions): Promise<ApiResponse>;
  /** POST /v1.0/{project}/kms/{name} with a token of `user`; in the demo project by default. */
  kms(user: DemoUser, name: string, body?: RequestOptions['body'], projectId?: string): Promise<ApiResponse>;
  /** @returns a token of the user for the project, the same at every call */
  token(user: DemoUser, projectId?: string): Promise<string>;
  /** Creates a project in a domain of its own, with one user. */
  foreignUser(role?: string): Promise<DemoUser & { project_id: string }>;
  /** Creates one more user of the demo project. */
  addUser(name: string, role: string): Promise<DemoUser>;
}

async function startInProcess(env: Record<string, string>, hasWorker: boolean): Promise<RunningService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, ...storeSettings(), ...env });
  const demo = (await createDemoOnFirstStart(config)) as Demo;
  const clock = { nowMs: Date.now() };
  let worker: Worker | undefined;
  const services = await openServices(config, {
    now: () => clock.nowMs,
    notifyOutbox: async () => worker?.notifyOutbox(),
  });
  useServices(services);
  if (hasWorker) worker = await startWorker(services);
  const server = await createGateway(config.corsOrigins, {
    trustedProxies: config.trustedProxies,
    hasConsole: config.hasConsole,
  });
  await watchReplies(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dataDir,
    services,
    events: services.store.events,
    signsUpstreamCalls: false,
    demo,
    clock,
    login: async (login) => (await tokensOf(services).issue(login)).token,
    async stop() {
      await drain(server, 0);
      await worker?.stop();
      await services.store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/**
 * Starts the service with the demo project of a first start.
 * @param env settings of the process that stores keys and grants, by the names of the environment variables
 * @param hasWorker whether a worker runs jobs and delivers events, where the service is in this process
 */
export async function startService(env: Record<string, string> = {}, hasWorker = true): Promise<TestService> {
  const start =
    { caller: startCallerMode, service: startServiceMode }[process.env['TEST_UPSTREAM'] ?? ''] ?? startInProcess;
  // Replies of the service in this process are checked where it sends them.
  const checkReply = start === startInProcess ? undefined : await replyChecker({ hasUpstream: true });
  const { login, ...started } = await start(env, hasWorker);
  const { url, demo, services } = started;
  const [creator, grantee, reader, administrator] = demo.users as [DemoUser, DemoUser, DemoUser, DemoUser];
  const tokens = new Map<string, Promise<string>>();

  async function send(
    path: string,
    { method = 'POST', headers = {}, body }: RequestOptions = {},
  ): Promise<ApiResponse> {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const sent = isRaw ? body : JSON.stringify(body);
    const response = await fetch(url + path, {
      method,
      headers,
      ...(sent !== undefined && { body: sent as string | Uint8Array<ArrayBuffer> }),
    });
    const text = await response.text();
    const { status } = response;
    if (checkReply) {
      const sentHeaders = Object.fromEntries(response.headers);
      report(checkReply, { method, path: path.split('?')[0] ?? '', status, headers: sentHeaders, body: text });
    }
    return { status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  function token(user: DemoUser, projectId = demo.project_id): Promise<string> {
    const name = `${user.user_id} ${projectId}`;
    const credentials = { user: { id: user.user_id }, password: user.password, project: { id: projectId } };
    const issued = tokens.get(name) ?? login(credentials);
    tokens.set(name, issued);
    return issued;
  }

  async function kms(
    user: DemoUser,
    name: string,
    body?: RequestOptions['body'],
    projectId = demo.project_id,
  ): Promise<ApiResponse> {
    const headers = { 'X-Auth-Token': await token(user, projectId) };
    return send(`/v1.0/${projectId}/kms/${name}`, { headers, body });
  }

  const { accounts } = services;
  return {
    ...started,
    creator,
    grantee,
    reader,
    administrator,
    send,
    kms,
    token,
    async foreignUser(role = 'KMS Administrator') {
      const { project } = await accounts.createProject('elsewhere', 'other');
      const user = await accounts.createUser(project.projectId, 'stranger', role);
      return { ...user, ...(await accounts.createAccessKey(user.user_id)), project_id: project.projectId };
    },
    async addUser(name, role) {
      const user = await accounts.createUser(demo.project_id, name, role);
      return { ...user, ...(await accounts.createAccessKey(user.user_id)) };
    },
  };
}
