/** The whole service in this process, over real HTTP and a real SQLite file, with a clock that the test sets. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../lib/config.ts';
import { type Services, useServices } from '../../lib/services.ts';
import { type Demo, type DemoUser, firstStart } from '../../local/demo.ts';
import { createGateway, drain } from '../../local/gateway.ts';
import { openLocal } from '../../local/open.ts';
import { storeSettings } from './store.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read replies of every form
  body: any;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON; text and bytes as they are. */
  body?: object | string | Uint8Array | undefined;
}

export interface TestService {
  url: string;
  dataDir: string;
  services: Services;
  demo: Demo;
  creator: DemoUser;
  grantee: DemoUser;
  reader: DemoUser;
  administrator: DemoUser;
  /** The service's clock, ms since 1970. Set it to move time. */
  clock: { nowMs: number };
  /** Any request. */
  send(path: string, ask?: Ask): Promise<Answer>;
  /** POST /v1.0/{project}/kms/{name} with a token of `user`, in the demo project unless told. */
  kms(user: DemoUser, name: string, body?: Ask['body'], projectId?: string): Promise<Answer>;
  /** A token of the user for the project; one is made and reused. */
  token(user: DemoUser, projectId?: string): Promise<string>;
  /** Another project, in a domain of its own, with one user in it. */
  foreignUser(role?: string): Promise<DemoUser & { project_id: string }>;
  /** One more user of the demo project. */
  addUser(name: string, role: string): Promise<DemoUser>;
  stop(): Promise<void>;
}

/**
 * @param env settings, as in the environment; DATA_DIR is a folder of the test's own
 */
export async function startService(env: Record<string, string> = {}): Promise<TestService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, ...storeSettings(), ...env });
  const demo = (await firstStart(config)) as Demo;
  const clock = { nowMs: Date.now() };
  const services = await openLocal(config, () => clock.nowMs);
  useServices(services);
  const server = await createGateway(config.corsOrigins);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [creator, grantee, reader, administrator] = demo.users as [DemoUser, DemoUser, DemoUser, DemoUser];
  const tokens = new Map<string, Promise<string>>();

  async function send(path: string, { method = 'POST', headers = {}, body }: Ask = {}): Promise<Answer> {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const sent = isRaw ? body : JSON.stringify(body);
    const response = await fetch(url + path, {
      method,
      headers,
      ...(sent !== undefined && { body: sent as string | Uint8Array<ArrayBuffer> }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  function token(user: DemoUser, projectId = demo.project_id): Promise<string> {
    const name = `${user.user_id} ${projectId}`;
    const login = { user: { id: user.user_id }, password: user.password, project: { id: projectId } };
    const made = tokens.get(name) ?? services.tokens.issue(login).then((issued) => issued.token);
    tokens.set(name, made);
    return made;
  }

  async function kms(user: DemoUser, name: string, body?: Ask['body'], projectId = demo.project_id): Promise<Answer> {
    const headers = { 'X-Auth-Token': await token(user, projectId) };
    return send(`/v1.0/${projectId}/kms/${name}`, { headers, body });
  }

  const { accounts, store } = services;
  return {
    url,
    dataDir,
    services,
    demo,
    creator,
    grantee,
    reader,
    administrator,
    clock,
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
    async stop() {
      await drain(server, 0);
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}
