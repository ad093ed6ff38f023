import type { RequestContext } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { logger } from '../logger.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { type SignableRequest, SignatureError, UNVERIFIED } from '../signing/signed-request.ts';
import { memoizeByStore } from '../util/memoize.ts';
import type { ChangeCommand, Command, NotUnderstood } from './command.ts';
import type { ChatDependencies } from './dependencies.ts';
import { parseCommand } from './grammar.ts';
import { findPerson, identityOf } from './person.ts';
import { personLimit } from './person-limit.ts';
import type { ChatPlatform, Incoming, ReceivedCommand, ReceivedPress } from './platform.ts';
import { PLATFORMS } from './platforms.ts';
import { press } from './press.ts';
import { answerCommand } from './read-commands.ts';
import { failureMessage, nobodyMessage, notAllowedMessage, refusalMessage } from './refusal.ts';
import { preview } from './revocation.ts';
import { mayUse } from './rights.ts';
import { type Answer, loggedCause, showMessages } from './show.ts';
import type { ChatSource } from './source.ts';
import { chatSourcesOf } from './sources.ts';
import { forReadersAt } from './text.ts';
import { BUTTONS, type ButtonName, type Message } from './view.ts';

type Asking = ReceivedCommand | ReceivedPress;

/** What a request asks for: a command, or a button that was pressed. */
type Asked = Command | NotUnderstood;

/** Longer than the 10 minutes, 5 before and 5 after its time, in which a request is valid. */
const DELIVERY_MEMORY_MS = 11 * 60_000;

const limitOf = memoizeByStore(({ now }: ChatDependencies) => personLimit(now));

/**
 * Receives a command or a press: verifies that the platform sent it, and that the person who wrote it may do what it
 * asks for. A person always gets an answer to read; only what is no valid request of the platform is an HTTP error.
 * @param name the source's name in the URL
 * @returns the body of the reply, or a Reply in the form that the platform requires
 * @throws KmsError APIGW.0301 for an unknown source, a wrong signature or a foreign workspace, and those of the
 *   platform for a malformed request
 */
export async function receiveChat(
  dependencies: ChatDependencies,
  { name, request, context }: { name: string; request: SignableRequest; context: RequestContext },
): Promise<object> {
  const configuredSource = (await chatSourcesOf(dependencies)()).get(name);
  const { trace = {}, requestId, startedAtMs } = context;
  // Not `name`: a client could write anything into the log with it.
  trace.source = configuredSource?.name;
  const { source, platform, incoming, deliveryId } = verify(configuredSource, request, dependencies.now());
  if (incoming.type === 'handshake') return incoming.reply;
  if (incoming.type === 'ignored') {
    logger.info('chat', { request_id: requestId, source: source.name, ignored: incoming.why });
    return incoming.reply;
  }
  const shown = { platform, source, incoming, requestId, startedAtMs };
  try {
    const answer = await answerOrFailure(dependencies, { source, incoming, deliveryId, context });
    return await showMessages(dependencies, { ...shown, ...answer });
  } catch (error) {
    // The command is carried out, and only its answer cannot be shown.
    logger.error('chat', { request_id: requestId, source: source.name, cause: loggedCause(error) });
    return showMessages(dependencies, { ...shown, messages: [refusalMessage('not-shown', incoming.locale)] });
  }
}

interface Received {
  source: ChatSource;
  incoming: Asking;
  deliveryId: string | undefined;
  context: RequestContext;
}

/** @returns what to show: after an error too, because a person cannot read an HTTP status */
async function answerOrFailure(
  dependencies: ChatDependencies,
  { source, incoming, deliveryId, context }: Received,
): Promise<Answer> {
  const { requestId } = context;
  const line = { request_id: requestId, source: source.name };
  try {
    if (deliveryId !== undefined && !(await isFirst(dependencies, source, { deliveryId, requestId }))) {
      logger.warn('chat', { ...line, refused: 'seen-already' });
      return { messages: [refusalMessage('seen-already', incoming.locale)], isRepeat: true };
    }
    return await answer(dependencies, source, incoming, context);
  } catch (error) {
    if (error instanceof KmsError) logger.info('chat', { ...line, code: error.publicCode });
    else logger.error('chat', { ...line, cause: loggedCause(error) });
    return { messages: [failureMessage(error, incoming.locale)] };
  }
}

/** An unknown source, a wrong signature and a foreign workspace get the same reply. */
function verify(
  source: ChatSource | undefined,
  request: SignableRequest,
  nowMs: number,
): { source: ChatSource; platform: ChatPlatform; incoming: Incoming; deliveryId: string | undefined } {
  try {
    const platform = source && PLATFORMS[source.kind];
    if (!source || !platform) throw new SignatureError('there is no such source');
    const { deliveryId } = platform.verify(request, source, nowMs);
    return { source, platform, incoming: platform.read(request, source, nowMs), deliveryId };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new KmsError('APIGW.0301', { detail: UNVERIFIED, cause: error });
  }
}

/** Remembers the delivery. @returns false if it was received before */
function isFirst(
  { store, now }: ChatDependencies,
  source: ChatSource,
  { deliveryId, requestId }: { deliveryId: string; requestId: string },
): Promise<boolean> {
  const record = {
    idempotencyKey: sha256Hex(`chat delivery\n${source.name}\n${deliveryId}`),
    // Unlike that of any other request: the store takes a record with an equal answer for its own lost write.
    answer: requestId,
    expiresAtMs: now() + DELIVERY_MEMORY_MS,
  };
  return store.idempotency.compareAndSwap(record, undefined, now());
}

async function answer(
  dependencies: ChatDependencies,
  source: ChatSource,
  incoming: Asking,
  { requestId, startedAtMs, arrivedAtMs, trace = {} }: RequestContext,
): Promise<Answer> {
  const { locale } = incoming;
  const asked: Asked =
    incoming.type === 'press' ? { name: incoming.button, requestId: incoming.requestId } : parseCommand(incoming.text);
  const identity = identityOf(source, incoming.sender);
  const log = (fields: object) =>
    logger.info('chat', { request_id: requestId, source: source.name, identity, command: asked.name, ...fields });

  if (!limitOf(dependencies)(`${source.name} ${identity}`)) {
    log({ refused: 'too-many' });
    return { messages: [refusalMessage('too-many', locale)] };
  }
  const call = { requestId, action: asked.name, startedAtMs, arrivedAtMs, trace };
  const lookup = await findPerson(dependencies, source, identity, call);
  if (lookup.result !== 'found') {
    log({ refused: lookup.result });
    const who = { source: source.name, identity, isWhoami: asked.name === 'whoami' };
    return { messages: [nobodyMessage(lookup.result, locale, who)] };
  }
  const { person } = lookup;
  trace.user = person.principal;
  const isRefused = isChange(asked) && !mayUse(source, person.contexts, asked.name);
  log(isRefused ? { refused: 'not-allowed' } : {});
  if (isRefused) return { messages: [notAllowedMessage(asked.name, locale)] };
  const answered = { person, source, received: incoming, requestId };
  const forReaders = (messages: readonly Message[]) => messages.map((message) => forReadersAt(incoming.place, message));
  if (isButton(asked)) {
    const messages = await press(dependencies, { ...answered, command: asked });
    return { messages: forReaders(messages), cardOf: asked.requestId };
  }
  if (isChange(asked)) return { messages: forReaders(await preview(dependencies, { ...answered, command: asked })) };
  return { messages: [await answerCommand(dependencies, { ...answered, command: asked })] };
}

const isButton = (asked: Asked): asked is Extract<Command, { name: ButtonName }> =>
  BUTTONS.some((button) => button === asked.name);

const isChange = (asked: Asked): asked is ChangeCommand => asked.name === 'revoke' || asked.name === 'revoke-all';
