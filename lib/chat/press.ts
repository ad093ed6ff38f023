/**
 * What the buttons of a request do. Every press checks everything anew: that the request is open, that it was pressed
 * where it belongs, the rights of the people, and the grants.
 */
import { FINAL_STATES } from '../domain/job.ts';
import { describeCause, logger } from '../logger.ts';
import { canBeApproved, grantsAtMost, isRequester, isSecondPerson, mayCancel, peopleNeeded } from './approvals.ts';
import type { CommandCall } from './command-call.ts';
import type { ChatDependencies } from './dependencies.ts';
import { jobIdOf, runRequest } from './execution.ts';
import { ID_PATTERN } from './grammar.ts';
import { decidedMessage, outcomeMessages, workingMessage } from './outcome.ts';
import { personOf } from './person.ts';
import { approvalCard, nameOf, note } from './request-views.ts';
import { askedAgain, type ChatRequest, chatRequests } from './requests.ts';
import { previewMessage, storeRequest } from './revocation.ts';
import { type FoundTarget, findTarget, mayRevoke } from './target.ts';
import { WORK_MS } from './time-limits.ts';
import type { ButtonName, Message } from './view.ts';
import { REVOKING } from './wording/revoking.ts';

/** When a follow-up looks whether the process that runs a request has told its outcome. */
const FOLLOW_UP_SECONDS = 5;

interface PressOptions {
  /** Once true, the rest is done later, and the reply says so. */
  isPastDeadline?: () => boolean;
  /** Looks up the requester again when another person approves. */
  findPerson?: typeof personOf;
}

type PressCall = CommandCall<{ name: ButtonName; requestId: string }>;

/** `result` is for the log. */
interface PressAnswer {
  result: string;
  messages: Message[];
}

/** What a button does, pressed or typed. */
export async function press(
  dependencies: ChatDependencies,
  call: PressCall,
  options: PressOptions = {},
): Promise<Message[]> {
  const { command, source, person } = call;
  const { result, messages } = await new Press(dependencies, call, options).answer();
  // Not an id of any other form: a client could write anything into the log with it.
  const requestId = ID_PATTERN.test(command.requestId) ? command.requestId : undefined;
  const fields = { chat_request_id: requestId, button: command.name, user: person.principal, result };
  logger.info('chat', { source: source.name, ...fields });
  return messages;
}

class Press {
  readonly #dependencies: ChatDependencies;
  readonly #call: PressCall;
  readonly #limits: { isPastDeadline: () => boolean; deadlineMs: number };
  readonly #findPerson: typeof personOf;
  readonly #requests: ReturnType<typeof chatRequests>;

  constructor(dependencies: ChatDependencies, call: PressCall, options: PressOptions) {
    const startedAtMs = call.person.contexts[0]?.startedAtMs ?? performance.now();
    const deadlineMs = startedAtMs + WORK_MS;
    const { isPastDeadline = () => performance.now() > deadlineMs, findPerson = personOf } = options;
    this.#dependencies = dependencies;
    this.#call = call;
    this.#limits = { isPastDeadline, deadlineMs };
    this.#findPerson = findPerson;
    this.#requests = chatRequests(dependencies.store.idempotency, dependencies.now);
  }

  get #words() {
    return REVOKING[this.#call.received.locale];
  }

  async answer(): Promise<PressAnswer> {
    const { name, requestId } = this.#call.command;
    const request = await this.#requests.find(requestId);
    if (!request || !this.#isFromItsPlace(request)) return this.#refuse('unknown', this.#words.unknownRequest);
    if (request.state !== 'previewed' && request.state !== 'asked') return this.#decided(request);
    if (request.expiresAtMs <= this.#dependencies.now()) return this.#expire(request);
    return { confirm: this.#confirm, ask: this.#ask, approve: this.#approve, cancel: this.#cancel }[name].call(
      this,
      request,
    );
  }

  /** Everything else gets the same answer as an id that does not exist. */
  #isFromItsPlace({ source, place, card }: ChatRequest): boolean {
    const { source: pressedSource, received } = this.#call;
    if (source !== pressedSource.name || place.channelId !== received.place.channelId) return false;
    const [own, pressed] = [card?.messageId, received.place.messageId];
    return received.type === 'command' || own === undefined || pressed === undefined || own === pressed;
  }

  async #confirm(request: ChatRequest): Promise<PressAnswer> {
    if (request.state === 'asked' || request.people === 2) {
      return this.#refuse('needs-approval', this.#words.needsApproval);
    }
    if (!isRequester(this.#call.person, request)) return this.#refuseOther(request);
    return this.#checked(request, () => this.#run(request));
  }

  async #ask(request: ChatRequest): Promise<PressAnswer> {
    const { source, person, received } = this.#call;
    if (request.state === 'asked') return this.#refuse('already-asked', await this.#alreadyAsked(request));
    if (!isRequester(person, request)) return this.#refuseOther(request);
    if (request.people === 1) return this.#refuse('needs-no-approval', this.#words.needsNoApproval);
    if (!canBeApproved(source, received.place)) return this.#refuse('no-approvals', this.#words.nobodyCanApprove);
    return this.#checked(request, async (found) => {
      const asked = await this.#requests.move(request, { state: 'asked', askedAtMs: this.#dependencies.now() });
      if (!asked) return this.#again();
      return { result: 'asked', messages: [await approvalCard(this.#dependencies, asked, { person, found })] };
    });
  }

  async #approve(request: ChatRequest): Promise<PressAnswer> {
    const { source, person, requestId } = this.#call;
    if (request.state !== 'asked') return this.#refuse('not-asked', this.#words.notAsked);
    if (!isSecondPerson(person, request)) return this.#refuse('own-request', this.#words.ownRequest);
    if (!source.mayApprove) return this.#refuse('no-approvals', this.#words.mayNotApproveHere);
    return this.#checked(request, async () => {
      const { identity, principal } = request.requester;
      const requester = await this.#findPerson(this.#dependencies, source, identity, requestId);
      const isStillAllowed =
        requester?.principal === principal && (await mayRevoke(this.#dependencies, requester, request.target));
      if (isStillAllowed) return this.#run(request);
      const who = await nameOf(this.#dependencies, principal);
      return this.#refuse('requester-lost-right', this.#words.requesterMayNot(who));
    });
  }

  async #cancel(request: ChatRequest): Promise<PressAnswer> {
    const { person } = this.#call;
    if (!(await mayCancel(this.#dependencies, person, request))) {
      return this.#refuse('may-not-cancel', this.#words.mayNotCancel);
    }
    const cancelled = await this.#requests.move(request, { state: 'cancelled', decidedBy: this.#decision() });
    if (!cancelled) return this.#again();
    return { result: 'cancelled', messages: await outcomeMessages(this.#dependencies, cancelled) };
  }

  /** Goes on with what would be revoked now, if the person may revoke it and it is what the card shows. */
  async #checked(request: ChatRequest, goOn: (found: FoundTarget) => Promise<PressAnswer>): Promise<PressAnswer> {
    const { source, person } = this.#call;
    const { target } = request;
    if (!source.actions.includes(target.action)) return this.#refuse('not-allowed-here', this.#words.notAllowedHere);
    if (!(await mayRevoke(this.#dependencies, person, target))) {
      const text = target.action === 'revoke' ? this.#words.mayNotRevoke : this.#words.mayNotRevokeAll;
      return this.#refuse('no-right', text);
    }
    const found = await findTarget(this.#dependencies, person, target);
    if (found.grants.length === 0) {
      const { length: unread } = found.failed;
      return unread === 0 ? this.#gone(request) : this.#refuse('unread', this.#words.unread(unread));
    }
    const { chatApprovers } = this.#dependencies.config;
    const people = peopleNeeded(chatApprovers, target.action, grantsAtMost(target, found));
    if (found.digest !== request.digest || people > request.people) return this.#showAgain(request, found);
    return goOn(found);
  }

  /** Of several presses at the same time, one gets past the conditional write. */
  async #run(request: ChatRequest): Promise<PressAnswer> {
    const { queue } = this.#dependencies;
    const { received } = this.#call;
    const { requestId } = request;
    const messageId = received.place.messageId ?? request.card?.messageId;
    // Before the write: if this process dies after it, the follow-up carries out the request and tells the outcome.
    await queue.send({ kind: 'chat', requestId }, FOLLOW_UP_SECONDS);
    const running = await this.#requests.move(request, {
      state: 'running',
      decidedBy: this.#decision(),
      jobId: jobIdOf(requestId),
      // The newest place can be answered for the longest time.
      ...(received.type === 'command' ? { place: received.place } : { card: { ...received.place, messageId } }),
    });
    if (!running) return this.#again();
    try {
      return await this.#outcomeOf(running);
    } catch (error) {
      // The request is carried out, by the follow-up if not here, so the answer must not say that it failed.
      logger.error('chat', { source: request.source, chat_request_id: requestId, cause: describeCause(error) });
      return this.#working(running);
    }
  }

  async #working(running: ChatRequest): Promise<PressAnswer> {
    return { result: 'working', messages: [await workingMessage(this.#dependencies, running)] };
  }

  async #outcomeOf(running: ChatRequest): Promise<PressAnswer> {
    const job = await runRequest(this.#dependencies, running, this.#limits);
    if (!FINAL_STATES.includes(job.state)) return this.#working(running);
    const ended = await this.#endAndTell(running);
    return ended ? { result: job.state, messages: await outcomeMessages(this.#dependencies, ended) } : this.#again();
  }

  /** While this process tells the outcome, the follow-up does not. */
  #endAndTell(request: ChatRequest): Promise<ChatRequest | undefined> {
    const tellingUntilMs = this.#dependencies.now() + 2 * FOLLOW_UP_SECONDS * 1000;
    return this.#requests.move(request, { state: 'ended', tellingUntilMs });
  }

  async #gone(request: ChatRequest): Promise<PressAnswer> {
    const ended = await this.#endAndTell(request);
    return ended ? { result: 'gone', messages: await outcomeMessages(this.#dependencies, ended) } : this.#again();
  }

  /** The grants are others than those on the card: a new request with a new card takes its place. */
  async #showAgain(request: ChatRequest, found: FoundTarget): Promise<PressAnswer> {
    const { person } = this.#call;
    const { target, reason } = request;
    // The new card takes the place of the old one, so the old one needs no outcome of its own.
    const replaced = await this.#requests.move(request, { state: 'expired', isReplaced: true, isTold: true });
    if (!replaced) return this.#again();
    const warning = this.#words.changed;
    if (request.state !== 'asked') {
      const parts = { target, reason, found, warning, replacesCard: true };
      return { result: 'changed', messages: [await previewMessage(this.#dependencies, this.#call, parts)] };
    }
    const asked = askedAgain(request, found, this.#call.received.place, this.#dependencies.now());
    await storeRequest(this.#dependencies, asked);
    return {
      result: 'changed',
      messages: [
        await approvalCard(this.#dependencies, asked, { person, found, warning: REVOKING[asked.locale].changed }),
      ],
    };
  }

  async #expire(request: ChatRequest): Promise<PressAnswer> {
    const expired = await this.#requests.move(request, { state: 'expired' });
    return expired ? this.#decided(expired) : this.#again();
  }

  /** Another press has changed the state of the request meanwhile. */
  async #again(): Promise<PressAnswer> {
    const request = await this.#requests.find(this.#call.command.requestId);
    if (!request || request.state === 'previewed') return this.#refuse('unknown', this.#words.unknownRequest);
    if (request.state === 'asked') return this.#refuse('already-asked', await this.#alreadyAsked(request));
    return this.#decided(request);
  }

  async #decided(request: ChatRequest): Promise<PressAnswer> {
    const message = await decidedMessage(this.#dependencies, request, this.#call.received.locale);
    return { result: `already-${request.state}`, messages: [message] };
  }

  async #alreadyAsked({ requester, expiresAtMs, requestId }: ChatRequest): Promise<string> {
    return this.#words.alreadyAsked(await nameOf(this.#dependencies, requester.principal), expiresAtMs, requestId);
  }

  async #refuseOther({ requester }: ChatRequest): Promise<PressAnswer> {
    return this.#refuse(
      'other-person',
      this.#words.onlyRequester(await nameOf(this.#dependencies, requester.principal)),
    );
  }

  #refuse(result: string, sentence: string): PressAnswer {
    const data = { request_id: this.#call.command.requestId, refused: result };
    return { result, messages: [note(this.#words.refused, [sentence], { data, tone: 'bad' })] };
  }

  #decision(): NonNullable<ChatRequest['decidedBy']> {
    const { identity, principal } = this.#call.person;
    return { identity, principal, atMs: this.#dependencies.now() };
  }
}
