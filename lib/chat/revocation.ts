/** Revoking from chat: the preview, and the stored request that its buttons name. Nothing is revoked here. */
import { logger } from '../logger.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { canBeApproved, grantsAtMost, peopleNeeded } from './approvals.ts';
import type { ChangeCommand } from './command.ts';
import type { CommandCall } from './command-call.ts';
import type { ChatDependencies } from './dependencies.ts';
import { findGrant, findKey, findPrincipals, type Lookup } from './lookup.ts';
import type { Locale } from './platform.ts';
import { notFound } from './read-commands/answer.ts';
import { goneGrant } from './read-commands/grants.ts';
import { buttonsOf, nameOf, note, requestView } from './request-views.ts';
import { type ChatRequest, chatRequests, newRequestId, REQUEST_LIFETIME_MS } from './requests.ts';
import { contextsWithRight } from './rights.ts';
import { type FoundTarget, findTarget, mayRevoke, type Target } from './target.ts';
import { type Message, messageToAsker } from './view.ts';
import { READING } from './wording/reading.ts';
import { REVOKING } from './wording/revoking.ts';

/** Finds what a command names. */
export interface Lookups {
  findKey: typeof findKey;
  findGrant: typeof findGrant;
  findPrincipals: typeof findPrincipals;
}

/** The same preview again shows the same request, unless it expires this soon. */
const REUSED_UNTIL_MS = 5 * 60_000;

/** Shows what would be revoked, and stores the request that its buttons name. Revokes nothing. */
export async function preview(
  dependencies: ChatDependencies,
  call: CommandCall<ChangeCommand>,
  lookups: Lookups = { findKey, findGrant, findPrincipals },
): Promise<Message[]> {
  const { command, person, received } = call;
  const words = REVOKING[received.locale];
  const target = await targetOf(dependencies, call, lookups);
  if ('view' in target) return [target];
  if (!(await mayRevoke(dependencies, person, target))) return [refusal(call)];
  const found = await findTarget(dependencies, person, target);
  if (found.grants.length === 0) {
    if (found.failed.length > 0) return [note(words.refused, [words.unread(found.failed.length)])];
    return [note(words.nothingTitle, await nothingHeld(dependencies, target, received.locale))];
  }
  const open = await reusable(dependencies, call, found);
  if (open?.state === 'asked') {
    const who = await nameOf(dependencies, open.requester.principal);
    const { expiresAtMs, requestId } = open;
    return [note(words.previewTitle(found.grants.length), [words.alreadyAsked(who, expiresAtMs, requestId)])];
  }
  const parts = { target, reason: command.reason, found };
  return [await previewMessage(dependencies, call, parts, open)];
}

/** An id that no user has may be mistyped, or a name: the person who was meant may still hold grants. */
async function nothingHeld(
  { store }: Pick<ChatDependencies, 'store'>,
  { grantees = [], person = '' }: Target,
  locale: Locale,
): Promise<string[]> {
  const [reading, words] = [READING[locale], REVOKING[locale]];
  const users = await Promise.all(grantees.map((principal) => store.directory.user(principal)));
  const isUser = users.some((user) => user !== undefined);
  return isUser
    ? [words.holdsNothing(person), words.seeEvents]
    : [reading.noSuchUser, words.holdsNothing(person), reading.howPeopleAreNamed];
}

const refusal = ({ command, received }: CommandCall<ChangeCommand>): Message => {
  const words = REVOKING[received.locale];
  const sentence = command.name === 'revoke' ? words.mayNotRevoke : words.mayNotRevokeAll;
  return note(words.refused, [sentence], { tone: 'bad' });
};

interface PreviewParts {
  target: Target;
  reason: string | undefined;
  found: FoundTarget;
  /** What has happened since an earlier preview. */
  warning?: string | undefined;
  replacesCard?: boolean | undefined;
}

type PreviewCall = Pick<CommandCall<unknown>, 'person' | 'source' | 'received'>;

/**
 * Shows a preview and stores its request. Where a second person would be needed and nobody can approve, it has no
 * buttons and no request.
 * @param stored the request, if it is stored already
 */
export async function previewMessage(
  dependencies: ChatDependencies,
  call: PreviewCall,
  parts: PreviewParts,
  stored?: ChatRequest,
): Promise<Message> {
  const { source, person, received } = call;
  const { locale, place } = received;
  const { found, warning, replacesCard = false } = parts;
  const request = stored ?? newRequest(dependencies, call, parts);
  const isPossible = request.people === 1 || canBeApproved(source, place);
  if (isPossible && !stored) await storeRequest(dependencies, request);
  const warnings = [...(warning ? [warning] : []), ...(isPossible ? [] : [REVOKING[locale].nobodyCanApprove])];
  const view = await requestView(dependencies, request, {
    person,
    found,
    locale,
    warning: warnings.length > 0 ? warnings.join(' ') : undefined,
    buttons: isPossible ? buttonsOf(request, locale) : [],
  });
  if (isPossible) return { view, audience: 'asker', replacesCard };
  const { request_id: _, expires_at: __, ...data } = view.data;
  const facts = view.facts.filter(({ name }) => name !== REVOKING[locale].fact.expires);
  return { view: { ...view, facts, data }, audience: 'asker', replacesCard };
}

function newRequest(
  { config, now }: ChatDependencies,
  { source, person, received }: PreviewCall,
  { target, reason, found }: PreviewParts,
): ChatRequest {
  const { identity, principal } = person;
  const grantCount = found.grants.length;
  return {
    requestId: newRequestId(),
    source: source.name,
    kind: source.kind,
    locale: received.locale,
    state: 'previewed',
    target,
    reason,
    digest: found.digest,
    grantCount,
    people: peopleNeeded(config.chatApprovers, target.action, grantsAtMost(target, found)),
    requester: { identity, principal },
    place: received.place,
    createdAtMs: now(),
    expiresAtMs: now() + REQUEST_LIFETIME_MS,
    revision: 0,
  };
}

/** The name of the record that holds the id of the newest request of a person for these grants at this place. */
const openRequestName = (source: string, channelId: string, principal: string, digest: string) =>
  sha256Hex(['chat open request', source, channelId, principal, digest].join('\n'));

/** Stores a request, and the message that lets it expire. */
export async function storeRequest(dependencies: ChatDependencies, request: ChatRequest): Promise<void> {
  const { store, queue, now } = dependencies;
  const { requestId, source, place, requester, digest, expiresAtMs } = request;
  await chatRequests(store.idempotency, now).add(request);
  await queue.send({ kind: 'chat', requestId }, REQUEST_LIFETIME_MS / 1000);
  const idempotencyKey = openRequestName(source, place.channelId, requester.principal, digest);
  await store.idempotency.save({ idempotencyKey, answer: requestId, expiresAtMs }, now());
  const { action } = request.target;
  logger.info('chat', {
    source,
    chat_request_id: requestId,
    action,
    grants: request.grantCount,
    people: request.people,
  });
}

/**
 * Finds the open request of the same person for the same grants at the same place: nobody needs two. One with another
 * reason, or one that expires soon, is replaced by the new one.
 */
async function reusable(
  dependencies: ChatDependencies,
  { command, source, person, received }: CommandCall<ChangeCommand>,
  found: FoundTarget,
): Promise<ChatRequest | undefined> {
  const { store, now, config } = dependencies;
  const name = openRequestName(source.name, received.place.channelId, person.principal, found.digest);
  const requestId = (await store.idempotency.find(name, now()))?.answer;
  const requests = chatRequests(store.idempotency, now);
  const request = typeof requestId === 'string' ? await requests.find(requestId) : undefined;
  if (!request || request.expiresAtMs <= now()) return undefined;
  if (request.state === 'asked') return request;
  if (request.state !== 'previewed') return undefined;
  const people = peopleNeeded(config.chatApprovers, request.target.action, grantsAtMost(request.target, found));
  const isEqual =
    request.reason === command.reason && request.target.action === command.name && request.people === people;
  if (isEqual && request.expiresAtMs > now() + REUSED_UNTIL_MS) return request;
  await requests.update(request, { state: 'expired', isReplaced: true });
  return undefined;
}

/** Returns what the command names, or the message that says why it names nothing. */
async function targetOf(
  dependencies: ChatDependencies,
  call: CommandCall<ChangeCommand>,
  lookups: Lookups,
): Promise<Target | Message> {
  const { command, person, source, received } = call;
  const contexts = contextsWithRight(person.contexts, command.name);
  if (contexts.length === 0) return refusal(call);
  const reading = READING[received.locale];
  const missing = (kind: 'key' | 'grant' | 'person', lookup: Exclude<Lookup<unknown>, { result: 'found' }>) =>
    messageToAsker(notFound(reading, kind, lookup));
  const key = command.key === undefined ? undefined : await lookups.findKey(dependencies, contexts, command.key);
  if (key && key.result !== 'found') return missing('key', key);
  if (command.name === 'revoke') {
    const keyContexts = key ? [key.found.context] : contexts;
    const grant = await lookups.findGrant(dependencies, keyContexts, key?.found, command.grant);
    if (grant.result !== 'found') {
      const gone = await goneGrant(dependencies.store, contexts, command.grant, reading);
      return gone?.isRemoved && grant.result === 'absent' ? messageToAsker(gone.view) : missing('grant', grant);
    }
    const { grant_id: grantId, key_id: keyId, grantee_principal: grantee } = grant.found.grant;
    const projectIds = [grant.found.context.projectId];
    const holder = await nameOf(dependencies, grantee);
    return { action: 'revoke', projectIds, keyId, grantId, grantees: [grantee], person: holder };
  }
  const people = await lookups.findPrincipals(dependencies, source, received.sender, command.person);
  if (people.result !== 'found') return missing('person', people);
  return {
    action: 'revoke-all',
    projectIds: key ? [key.found.context.projectId] : contexts.map(({ projectId }) => projectId),
    keyId: key?.found.keyId,
    grantees: people.found.principals,
    person: (await Promise.all(people.found.principals.map((id) => nameOf(dependencies, id)))).join(', '),
  };
}
