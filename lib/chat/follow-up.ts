/**
 * What happens to a stored request without a press: it expires, it is carried out after a crash, and its outcome is
 * shown. Repeats and several calls at the same time do no harm.
 */
import { FINAL_STATES } from '../domain/job.ts';
import { describeCause, logger } from '../logger.ts';
import { DELAY_SECONDS_MAX } from '../queue/queue.ts';
import type { ChatDependencies } from './dependencies.ts';
import { jobIdOf, storeJob } from './execution.ts';
import { outcomeMessages } from './outcome.ts';
import type { Place } from './platform.ts';
import { PLATFORMS } from './platforms.ts';
import { type ChatRequest, chatRequests, hasExpiredUrl } from './requests.ts';
import { chatSourcesOf } from './sources.ts';
import { forReadersAt } from './text.ts';
import type { Message } from './view.ts';

/**
 * - later: call again after this time.
 * - retry: the outcome could not be delivered; a limited number of further calls is worth it.
 */
export type FollowUpStep = { next: 'ended' } | { next: 'later'; delaySeconds: number } | { next: 'retry' };

const [POLL_SECONDS_MIN, POLL_SECONDS_MAX] = [5, 60];

/** After this time, the process that was showing an outcome counts as dead. */
const TELLING_MS = 60_000;

interface FollowUpOptions {
  platforms?: Partial<typeof PLATFORMS>;
  sources?: ReturnType<typeof chatSourcesOf>;
}

/** Does what is due for the request now. */
export async function followUp(
  dependencies: ChatDependencies,
  requestId: string,
  options: FollowUpOptions = {},
): Promise<FollowUpStep> {
  const { store, now } = dependencies;
  const requests = chatRequests(store.idempotency, now);
  const found = await requests.find(requestId);
  if (!found) return { next: 'ended' };
  const request = hasUrlToRemove(found, now()) ? await requests.update(found, {}) : found;
  if (!request) return later(POLL_SECONDS_MIN);
  switch (request.state) {
    case 'previewed':
    case 'asked': {
      if (now() < request.expiresAtMs) return later((request.expiresAtMs - now()) / 1000);
      const expired = await requests.move(request, { state: 'expired' });
      return expired ? tell(dependencies, expired, options) : later(POLL_SECONDS_MIN);
    }
    case 'running':
      return followJob(dependencies, request, options);
    default:
      return tell(dependencies, request, options);
  }
}

const hasUrlToRemove = ({ place, card }: ChatRequest, nowMs: number) =>
  hasExpiredUrl(place, nowMs) || (card !== undefined && hasExpiredUrl(card, nowMs));

const hasReplyUrl = ({ place, card }: ChatRequest) => [place, card].some((at) => at?.replyUrl !== undefined);

const later = (seconds: number): FollowUpStep => ({
  next: 'later',
  delaySeconds: Math.min(DELAY_SECONDS_MAX, Math.max(1, Math.ceil(seconds))),
});

async function followJob(
  dependencies: ChatDependencies,
  request: ChatRequest,
  options: FollowUpOptions,
): Promise<FollowUpStep> {
  const { store, queue, now } = dependencies;
  const jobId = jobIdOf(request.requestId);
  // Absent when the process died between the write of the request and that of its job.
  const job = (await store.jobs.job(jobId)) ?? (await storeJob(dependencies, request));
  if (FINAL_STATES.includes(job.state)) {
    const ended = await chatRequests(store.idempotency, now).move(request, { state: 'ended', jobId });
    return ended ? tell(dependencies, ended, options) : later(POLL_SECONDS_MIN);
  }
  // Nobody works on it: the process that ran it during the press has died.
  if (job.state === 'queued' || job.dueAtMs <= now()) await queue.send({ kind: 'job', jobId, source: job.source });
  return laterAgain(request, now());
}

/** The longer it takes, the more seldom it is looked at. */
function laterAgain({ decidedBy, expiresAtMs }: ChatRequest, nowMs: number): FollowUpStep {
  const elapsedSeconds = (nowMs - (decidedBy?.atMs ?? expiresAtMs)) / 1000;
  return later(Math.min(POLL_SECONDS_MAX, Math.max(POLL_SECONDS_MIN, elapsedSeconds / 4)));
}

/** The card tells the outcome, so nobody misses it for this failure. */
const logNotTold = (fields: object) => (error: unknown) =>
  logger.warn('chat', { ...fields, result: 'requester-not-told', cause: describeCause(error) });

/** Shows the outcome where the request was made, unless that has been done or is being done. */
async function tell(
  dependencies: ChatDependencies,
  request: ChatRequest,
  { platforms = PLATFORMS, sources = chatSourcesOf(dependencies) }: FollowUpOptions,
): Promise<FollowUpStep> {
  const { store, now } = dependencies;
  const { source: name, kind, requestId, tellingUntilMs = 0, locale } = request;
  if (request.isTold) return { next: 'ended' };
  if (tellingUntilMs > now()) return later((tellingUntilMs - now()) / 1000);
  const requests = chatRequests(store.idempotency, now);
  const claimed = await requests.update(request, { tellingUntilMs: now() + TELLING_MS });
  if (!claimed) return later(POLL_SECONDS_MIN);
  const fields = { source: name, chat_request_id: requestId };
  const source = (await sources()).get(name);
  const platform = platforms[kind];
  if (!source || !platform) {
    logger.warn('chat', { ...fields, result: 'source-removed' });
    // Nobody can be told any more, so nobody needs the reply URL.
    await requests.update(claimed, { isTold: true });
    return { next: 'ended' };
  }
  const at = claimed.card ?? claimed.place;
  const [outcome, ...others] = await outcomeMessages(dependencies, claimed);
  try {
    const message = forReadersAt(at, outcome);
    const place = await platform.deliver(message, at, source, locale);
    await noteDelivered(dependencies, message, place);
    for (const { to = at, ...other } of others)
      await platform.deliver(forReadersAt(to, other), to, source, locale).catch(logNotTold(fields));
    logger.info('chat', { ...fields, result: place ? 'told' : 'no-way-to-tell' });
    return { next: 'ended' };
  } catch (error) {
    logger.warn('chat', { ...fields, result: 'not-delivered', cause: describeCause(error) });
    await requests.update(claimed, { tellingUntilMs: undefined });
    // The number of retries is limited, and a stored reply URL must be removed when it expires.
    return hasReplyUrl(claimed) ? laterAgain(claimed, now()) : { next: 'retry' };
  }
}

/**
 * Notes that a message has reached its readers: where the card of its request is now, or that its outcome is told. Call
 * it for every message that was delivered or put into a reply; it ignores those that belong to no request.
 * @param place where the message is now, if the platform said so
 */
export async function noteDelivered(
  { store, now }: Pick<ChatDependencies, 'store' | 'now'>,
  { about }: Message,
  place?: Place | undefined,
): Promise<void> {
  if (!about) return;
  const changes = { ...(about.part === 'outcome' && { isTold: true }), ...(place && { card: place }) };
  if (Object.keys(changes).length === 0) return;
  const requests = chatRequests(store.idempotency, now);
  const request = await requests.find(about.requestId);
  if (!request || request.isTold) return;
  // Whoever moves the request to another state at this moment has a newer card to show.
  await requests.move(request, changes);
}
