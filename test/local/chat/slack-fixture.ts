/** The service as a process of its own, with a source of Slack; the fake of Slack is another server on loopback. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseConfig } from '../../../lib/config.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import { createDemoOnFirstStart, type Demo } from '../../../local/demo.ts';
import { openServices } from '../../../local/open-services.ts';
import { FakeSlack, type SlackRequest } from '../../support/chat/fake-slack.ts';
import { serveFakeSlack } from '../../support/chat/slack-server.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const BOT_TOKEN = 'xoxb-of-the-test';
const WAIT_MS = 90_000;

export const ANN = 'UANN';
export const BOB = 'UBOB';

/** Grants of a principal on one key, and the channel in which people revoke them. */
export interface Incident {
  channel: string;
  keyId: string;
  grantee: string;
  grantIds: readonly string[];
}

/** What happens at each call to Slack; a call that throws gets no answer. */
interface Hooks {
  beforeShown: () => Promise<void>;
  afterShown: () => Promise<void>;
}

export type SlackFixture = Awaited<ReturnType<typeof openSlackFixture>>;

/** @param channels where the app is */
export async function openSlackFixture(channels: readonly string[]) {
  const folder = newDataDir();
  const dataDir = join(folder, 'data');
  const hooksFile = join(folder, 'hooks.json');
  const tokenFile = join(folder, 'bot-token');
  const config = parseConfig({ DATA_DIR: dataDir });
  const demo = (await createDemoOnFirstStart(config)) as Demo;
  const fake = new FakeSlack({ secret: SECRET, botToken: BOT_TOKEN, joined: channels, now: Date.now });
  const none = async () => {};
  const hooks: Hooks = { beforeShown: none, afterShown: none };
  const server = await serveFakeSlack({
    async send(request, timeoutMs) {
      await hooks.beforeShown();
      const answer = await fake.send(request, timeoutMs);
      await hooks.afterShown();
      return answer;
    },
  });
  writeFileSync(tokenFile, BOT_TOKEN, { mode: 0o600 });
  const source = {
    kind: 'slack',
    secrets: [SECRET],
    projects: [demo.project_id],
    may_approve: true,
    apps: ['A0APP'],
    workspaces: ['T0TEAM'],
    bot_token: `file:${tokenFile}`,
  };
  writeFileSync(hooksFile, JSON.stringify({ slack: source }), { mode: 0o600 });
  let service: ServiceProcess | undefined;

  /** Works on the data while no process has it open. */
  async function withServices<T>(work: (services: Awaited<ReturnType<typeof openServices>>) => Promise<T>): Promise<T> {
    const services = await openServices(config);
    try {
      return await work(services);
    } finally {
      await services.store.close();
    }
  }

  await withServices(async ({ store, accounts }) => {
    const bob = await accounts.createUser(demo.project_id, 'bob', 'KMS Administrator');
    for (const [user, grantee] of [
      [ANN, demo.users[3]?.user_id ?? ''],
      [BOB, bob.user_id],
    ] as const) {
      await store.mappings.put({ source: 'slack', identity: `slack:T0TEAM:${user}`, grantee });
    }
  });

  const fixture = {
    fake,
    hooks,
    async start(): Promise<void> {
      const env = { HOOKS: `file:${hooksFile}`, CHAT_APPROVERS: 'revoke-all=2', ...server.env };
      service = await startProcess(dataDir, [], env);
    },
    /** Ends the process as kill -9 does. */
    async kill(): Promise<void> {
      await service?.stop('SIGKILL');
    },
    async close(): Promise<void> {
      await service?.stop('SIGKILL');
      server.close();
      rmSync(folder, { recursive: true });
    },

    /** Creates a key with 3 grants of a new principal for each channel, while the service is stopped. */
    newIncidents: (names: readonly string[]): Promise<Incident[]> =>
      withServices(async ({ authority }) => {
        const [creator] = demo.users;
        const { user_id: userId = '', domain_id: domainId = '' } = creator ?? {};
        const { project_id: projectId } = demo;
        const caller = { userId, domainId, projectId, roles: ['KMS CMKFullAccess'] };
        const contextOf = (action: string) => {
          const requestId = crypto.randomUUID();
          return { caller, projectId, channel: 'http' as const, requestId, action, body: new Uint8Array() };
        };
        const incidents: Incident[] = [];
        for (const channel of names) {
          const key = { alias: channel, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' } as const;
          const { keyId } = await authority.createKey(contextOf('create-key'), key);
          const grantee = crypto.randomUUID().replaceAll('-', '');
          const grantIds: string[] = [];
          while (grantIds.length < 3) {
            const grant = { keyId, grantee, granteeType: 'user', operations: ['encrypt-data'] } as const;
            grantIds.push((await authority.createGrant(contextOf('create-grant'), grant)).grant_id);
          }
          incidents.push({ channel, keyId, grantee, grantIds });
        }
        return incidents;
      }),

    /** Sends a request of Slack and shows its answer. @throws Error when the service dies before it answers */
    async send(request: SlackRequest): Promise<void> {
      const { headers, body } = request;
      const response = await fetch(`${service?.url}/hooks/slack`, { method: 'POST', headers, body });
      fake.answered(request, { status: response.status, json: await response.text() });
    },
    say: (user: string, channel: string, text: string) => fixture.send(fake.command(user, channel, text)),
    press: async (user: string, channel: string, label: string) => fixture.send(fake.press(user, channel, label)),
    /** What stands in the channel for everyone. */
    standingIn: (channel: string) => fake.visibleTo('UEVERYONE', channel),
    /** Waits until a receipt stands in the channel. */
    async receiptIn(channel: string): Promise<void> {
      const endsAtMs = performance.now() + WAIT_MS;
      while (!JSON.stringify(fixture.standingIn(channel)).includes('Revoked ')) {
        if (performance.now() > endsAtMs) throw new Error(`no receipt: ${JSON.stringify(fixture.standingIn(channel))}`);
        await pause(50);
      }
    },
    /** The events of revoked grants, while the service is stopped. */
    removals: ({ grantee }: Incident): Promise<ChangeEvent[]> =>
      withServices(async ({ store }) => {
        const events = await store.events.list(demo.project_id, { grantee }, 100);
        return events.filter(({ action }) => action !== 'create-grant');
      }),
  };
  return fixture;
}
