/** Revoking from chat over a real store and the standalone authority, with people whom the test gives their roles. */
import type { Authority } from '../../lib/authority/authority.ts';
import type { ChangeCommand } from '../../lib/chat/command.ts';
import type { ChatDependencies } from '../../lib/chat/dependencies.ts';
import { followUp } from '../../lib/chat/follow-up.ts';
import type { Person } from '../../lib/chat/person.ts';
import type { ChatPlatform, Locale, Place } from '../../lib/chat/platform.ts';
import { press } from '../../lib/chat/press.ts';
import { chatRequests } from '../../lib/chat/requests.ts';
import { type Lookups, preview } from '../../lib/chat/revocation.ts';
import { CHAT_ACTIONS, type ChatSource } from '../../lib/chat/source.ts';
import type { ButtonName, Message } from '../../lib/chat/view.ts';
import { type ApprovalRule, parseConfig } from '../../lib/config.ts';
import type { Grant, GrantPage } from '../../lib/domain/model.ts';
import { KmsError } from '../../lib/errors.ts';
import type { Message as QueueMessage } from '../../lib/queue/queue.ts';
import { runJob } from '../../lib/webhooks/jobs/job.ts';
import {
  CREATOR,
  DOMAIN,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
} from '../authority/standalone/fixture.ts';

export const ADMINISTRATOR = ['KMS Administrator'];
const newId = () => crypto.randomUUID().replaceAll('-', '');

export const channel = (more: Partial<Place> = {}): Place => ({ channelId: 'C1', isDirect: false, ...more });

interface PressOptions {
  place?: Place;
  isPastDeadline?: () => boolean;
  authority?: Partial<Authority>;
  type?: 'command' | 'press';
}

export async function openRevokingFixture() {
  const standalone = await openStandaloneFixture({ grantsPerKey: 1000, keysPerProject: 1000 });
  const { store, authority, clock } = standalone;
  const queued: { message: QueueMessage; delaySeconds: number | undefined; dueAtMs: number }[] = [];
  const rules: ApprovalRule[] = [];
  /** The people who are mapped now, by identity. */
  const mapped = new Map<string, Person>();
  const delivered: { message: Message; place: Place; atMs: number }[] = [];
  let deliveryError: Error | undefined;

  const source: ChatSource = {
    name: 'incident-bot',
    kind: 'bot',
    secrets: [],
    projectIds: [PROJECT],
    actions: CHAT_ACTIONS,
    mayApprove: true,
    settings: {},
  };

  let hiddenKeys = 0;
  const listPrincipalGrants: Authority['listPrincipalGrants'] = async (...args) => ({
    ...(await authority.listPrincipalGrants(...args)),
    failed: Array.from({ length: hiddenKeys }, (_, n) => ({
      keyId: `k${n}`,
      grantId: '',
      error: new KmsError('KMS.0101'),
    })),
  });

  const dependencies = (overrides: Partial<Authority> = {}): ChatDependencies => ({
    store,
    authority: { ...authority, listPrincipalGrants, ...overrides },
    queue: {
      send: async (message, delaySeconds) =>
        void queued.push({ message, delaySeconds, dueAtMs: clock.nowMs + (delaySeconds ?? 0) * 1000 }),
    } as ChatDependencies['queue'],
    config: { ...parseConfig({}), chatApprovers: rules },
    now: () => clock.nowMs,
  });

  /** Maps a person. @param roles in the project */
  function newPerson(roles: readonly string[] = ADMINISTRATOR, over: { principal?: string } = {}): Person {
    const { principal = newId() } = over;
    const identity = `bot:T1:${newId().slice(0, 8)}`;
    const context = requestContext('revoke', { channel: 'bot' });
    const caller = { userId: principal, domainId: DOMAIN, projectId: PROJECT, roles };
    const person: Person = { identity, principal, contexts: roles.length > 0 ? [{ ...context, caller }] : [] };
    mapped.set(identity, person);
    return person;
  }

  /** Stands for `lib/chat/lookup.ts`: keys by alias or id, grants by id, and people by principal. */
  const lookups: Lookups = {
    async findKey(_, contexts, name) {
      for (const context of contexts) {
        const key = (await store.grants.keyByAlias(PROJECT, name)) ?? (await store.grants.key(PROJECT, name));
        if (key) return { result: 'found', found: { context, keyId: key.keyId, label: key.alias } };
      }
      return { result: 'absent' };
    },
    async findGrant(_, contexts, _key, id) {
      if (id === 'ab') return { result: 'ambiguous', candidates: ['ab01', 'ab02'] };
      const [grant, [context]] = [await store.grants.grant(PROJECT, id), contexts];
      return grant && context ? { result: 'found', found: { context, grant } } : { result: 'absent' };
    },
    async findPrincipals(_, __, ___, name) {
      const id = 'text' in name ? name.text : name.mention;
      return { result: 'found', found: { principals: [id], label: `person ${id.slice(0, 4)}` } };
    },
  };

  const personNow = async (_: unknown, __: unknown, identity: string) => mapped.get(identity);

  const callOf = <C>(person: Person, command: C, place: Place, from = source, type?: 'command' | 'press') => ({
    command,
    person: mapped.get(person.identity) ?? person,
    source: from,
    received: { sender: { workspace: 'T1', userId: 'U1' }, place, locale: 'en' as const, type },
    requestId: newId(),
  });

  const fixture = {
    ...standalone,
    source,
    rules,
    queued,
    delivered,
    mapped,
    dependencies,
    newPerson,
    requests: chatRequests(store.idempotency, () => clock.nowMs),
    async newKey(alias = `key-${newId()}`, creator: string = CREATOR): Promise<string> {
      return (await authority.createKey(requestContext('create-key', { userId: creator }), keyInput(alias))).keyId;
    },
    async newGrants(keyId: string, grantee: string, count: number, creator: string = CREATOR): Promise<string[]> {
      const ids: string[] = [];
      while (ids.length < count) {
        const context = requestContext('create-grant', { userId: creator });
        ids.push((await authority.createGrant(context, grantInput(keyId, { grantee }))).grant_id);
      }
      return ids;
    },
    async grantsOfPerson(grantee: string): Promise<Grant[]> {
      const page = await store.grants.listByGrantee(PROJECT, grantee, { limit: 1000 });
      return JSON.parse(page.json) as Grant[];
    },
    /** A person with grants on one key. */
    async newHolder(count: number) {
      const [grantee, keyId] = [newId(), await fixture.newKey()];
      return { grantee, keyId, ids: await fixture.newGrants(keyId, grantee, count) };
    },
    async preview(
      person: Person,
      command: ChangeCommand,
      place = channel(),
      from = source,
      locale: Locale = 'en',
      otherLookups: Partial<Lookups> = {},
    ): Promise<Message> {
      const call = callOf(person, command, place, from);
      const received = { ...call.received, locale };
      const messages = await preview(dependencies(), { ...call, received }, { ...lookups, ...otherLookups });
      const [message] = messages;
      if (!message || messages.length !== 1) throw new Error(`${messages.length} messages`);
      return message;
    },
    revokeAll: (grantee: string, more: object = {}): ChangeCommand => ({
      name: 'revoke-all',
      person: { text: grantee },
      ...more,
    }),
    pressAll(person: Person, name: ButtonName, requestId: string, options: PressOptions = {}): Promise<Message[]> {
      const { place = channel(), isPastDeadline = () => false, authority: overrides, type = 'press' } = options;
      const call = callOf(person, { name, requestId }, place, source, type);
      return press(dependencies(overrides), call, { isPastDeadline, findPerson: personNow });
    },
    /** @returns the first message */
    async press(person: Person, name: ButtonName, requestId: string, options: PressOptions = {}): Promise<Message> {
      const [message] = await this.pressAll(person, name, requestId, options);
      if (!message) throw new Error('no message');
      return message;
    },
    /** A press by a process of its own. */
    async pressWith(own: ChatDependencies, person: Person, name: ButtonName, requestId: string) {
      const call = callOf(person, { name, requestId }, channel(), source, 'press');
      return (await press(own, call, { isPastDeadline: () => false, findPerson: personNow }))[0];
    },
    /** What the person may do from now on. */
    setRoles(person: Person, roles: readonly string[]) {
      const { principal, identity } = person;
      const contexts = newPerson(roles, { principal }).contexts;
      mapped.set(identity, { principal, identity, contexts });
    },
    /** A list that holds nothing because no key could be read. */
    unreadable: async (): Promise<GrantPage> => ({
      json: '[]',
      total: 0,
      failed: [{ keyId: '', grantId: '', error: new KmsError('KMS.0101') }],
    }),
    /** Makes lists say that so many keys could not be read. */
    hideKeys(count: number) {
      hiddenKeys = count;
    },
    failDeliveries(error: Error | undefined) {
      deliveryError = error;
    },
    followUp: (requestId: string) =>
      followUp(dependencies(), requestId, {
        platforms: { bot: platform },
        sources: async () => new Map([[source.name, source]]),
      }),
    runJob: (jobId: string, overrides: Partial<Authority> = {}) => runJob(dependencies(overrides), jobId, () => false),
    async requestOf(requestId: string) {
      const request = await fixture.requests.find(requestId);
      if (!request) throw new Error('no such request');
      return request;
    },
    /** The events of removed grants of a person, oldest first. */
    async removals(grantee: string) {
      const events = await store.events.list(PROJECT, { grantee }, 1000);
      return events.filter(({ action }) => action !== 'create-grant').toReversed();
    },
  };

  const platform = {
    async deliver(message: Message, place: Place) {
      if (deliveryError) throw deliveryError;
      delivered.push({ message, place, atMs: clock.nowMs });
      return place;
    },
  } as unknown as ChatPlatform;
  return fixture;
}

export type RevokingFixture = Awaited<ReturnType<typeof openRevokingFixture>>;

/** The id of the request that the message's first button names. */
export function requestIdOf({ view }: Message): string {
  const [button] = view.buttons;
  if (!button) throw new Error(`no buttons: ${view.title} ${view.sentences.join(' ')}`);
  return button.requestId;
}

/** Everything that a reader sees. */
export const textOf = ({ view }: Message): string =>
  [
    view.title,
    ...view.sentences,
    ...view.facts.map(({ name, value }) => `${name}: ${value}`),
    ...view.rows.flatMap(({ title, details }) => [title, ...details]),
  ].join('\n');
