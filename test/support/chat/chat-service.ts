/** The whole service over HTTP with a source of each chat platform, whose side is the platform's own fake. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAT_ACTIONS, type ChatKind } from '../../../lib/chat/source.ts';
import type { Grant } from '../../../lib/domain/model.ts';
import { mapWithConcurrency } from '../../../lib/util/concurrency.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { newGrant, newKey } from '../create.ts';
import { type ApiResponse, startService, type TestService } from '../service.ts';
import { botSide } from './sides/bot.ts';
import { feishuSide } from './sides/feishu.ts';
import { mattermostSide } from './sides/mattermost.ts';
import {
  type ChatSide,
  PEOPLE,
  type PersonName,
  type PlatformRequest,
  type PressOptions,
  type SeenMessage,
} from './sides/side.ts';
import { slackSide } from './sides/slack.ts';

/** The name of the source of a platform that offers only `list`. */
const readingSourceOf = (kind: ChatKind) => `${kind}-reading`;

export interface ChatService {
  service: TestService;
  /** The one who approves. */
  bob: DemoUser;
  /** People see only what is said from now on. */
  open(kind: ChatKind): PlatformFixture;
  /** Adds grants with names that the API would refuse: those of an upstream may have any. */
  addGrants(keyId: string, grantee: string, names: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startChatService(): Promise<ChatService> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-chat-'));
  const path = join(folder, 'hooks.json');
  const service = await startService({ HOOKS: `file:${path}`, CHAT_APPROVERS: 'revoke-all=2', GRANTS_PER_KEY: '1000' });
  const now = () => service.clock.nowMs;
  const sides = [slackSide(now, folder), feishuSide(now, folder), mattermostSide(now), botSide(now)];
  const bob = await service.addUser('bob', 'KMS Administrator');
  const cai = await service.addUser('cai', 'KMS Administrator');
  const principals: [PersonName, DemoUser][] = [
    ['ann', service.administrator],
    ['annAgain', service.administrator],
    ['bob', bob],
    ['cai', cai],
    ['dan', service.reader],
  ];
  const sources: Record<string, object> = {};
  for (const { kind, settings, identityOf } of sides) {
    const source = { ...settings, kind, projects: [service.demo.project_id], may_approve: true };
    for (const [name, actions] of [
      [kind, CHAT_ACTIONS],
      [readingSourceOf(kind), ['list']],
    ] as const) {
      sources[name] = { ...source, actions };
      for (const [person, { user_id: grantee }] of principals) {
        await service.services.store.mappings.put({ source: name, identity: identityOf(person, name), grantee });
      }
    }
  }
  writeFileSync(path, JSON.stringify(sources));
  return {
    service,
    bob,
    open(kind) {
      const side = sides.find((one) => one.kind === kind);
      if (!side) throw new Error(`no side of ${kind}`);
      return platformFixture(service, side);
    },
    async addGrants(keyId, grantee, names) {
      const { user_id: userId, domain_id: domainId } = service.creator;
      const { project_id: projectId } = service.demo;
      const caller = { userId, domainId, projectId, roles: ['KMS CMKFullAccess'] };
      await mapWithConcurrency(names, 100, async (name) => {
        const call = { requestId: crypto.randomUUID(), action: 'create-grant', channel: 'http' } as const;
        const context = { ...call, caller, projectId, body: new Uint8Array() };
        const input = { keyId, grantee, granteeType: 'user', operations: ['encrypt-data'], name } as const;
        await service.services.authority.createGrant(context, input);
      });
    },
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export type PlatformFixture = ReturnType<typeof platformFixture>;

function platformFixture(service: TestService, side: ChatSide) {
  const receive = (request: PlatformRequest, source: string = side.kind) => service.send(`/hooks/${source}`, request);

  async function send(request: PlatformRequest, source?: string): Promise<ApiResponse> {
    const answer = await receive(request, source);
    side.answered(request, answer);
    // Feishu shows a person at most five messages a second.
    service.clock.nowMs += 1_000;
    return answer;
  }

  const seenBefore = new Set(PEOPLE.flatMap(side.seenBy).map(({ id }) => id));
  const seenBy = (person: PersonName) => side.seenBy(person).filter(({ id }) => !seenBefore.has(id));
  const idOf = ({ id, text }: SeenMessage) => `${id} ${text}`;

  return {
    side,
    /** Sends a request and shows its answer. */
    send,
    /** Sends a request that the platform did not make, so it does not show the answer. */
    receive,
    say: (person: PersonName, text: string) => send(side.command(person, text)),
    /** Through the source that offers only `list`. */
    sayToReading: (person: PersonName, text: string) => send(side.command(person, text), readingSourceOf(side.kind)),
    press: (person: PersonName, label: string, options?: PressOptions) => send(side.press(person, label, options)),
    seenBy,
    /** @returns what the person sees now and did not see before `work` */
    async newFor(person: PersonName, work: () => Promise<unknown>): Promise<string> {
      const before = new Set(seenBy(person).map(idOf));
      await work();
      const messages = seenBy(person).filter((message) => !before.has(idOf(message)));
      return messages.map(({ text }) => text).join('\n');
    },
    buttonsOf: (person: PersonName) => seenBy(person).flatMap(({ buttons }) => buttons),
    /** A principal with grants on a new key. */
    async newHolder(count = 1) {
      const keyId = await newKey(service);
      const grantee = crypto.randomUUID().replaceAll('-', '');
      const grantIds: string[] = [];
      while (grantIds.length < count) {
        grantIds.push(await newGrant(service, keyId, { grantee_principal: grantee }));
      }
      return { keyId, grantee, grantIds };
    },
    async grantsOf(keyId: string): Promise<Grant[]> {
      const { body } = await service.kms(service.creator, 'list-grants', { key_id: keyId });
      return body.grants;
    },
    /** The events of revoked grants of a principal. */
    async removals(grantee: string) {
      const events = await service.events.list(service.demo.project_id, { grantee }, 1_000);
      return events.filter(({ action }) => action !== 'create-grant');
    },
  };
}
