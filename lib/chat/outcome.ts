/** What became of a request: its receipt, or that it was cancelled, has expired, or had nothing left to do. */
import { FINAL_STATES, type Job } from '../domain/job.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { serializeJob } from '../http/serialize-job.ts';
import type { Reader } from './dependencies.ts';
import type { Locale } from './platform.ts';
import { dataOf, knownFacts, nameOf, note } from './request-views.ts';
import type { ChatRequest } from './requests.ts';
import { keyLabels } from './target.ts';
import { type Message, ROWS_MAX, type Row, type Tone, type View, viewOf } from './view.ts';
import { CHANNELS } from './wording/channels.ts';
import { REVOKING } from './wording/revoking.ts';

/** Returns the message that tells the outcome of an ended, cancelled or expired request. It replaces the card. */
async function outcomeMessage(reader: Reader, request: ChatRequest): Promise<Message> {
  const { requestId, state, jobId, askedAtMs } = request;
  const job = state === 'ended' && jobId !== undefined ? await reader.store.jobs.job(jobId) : undefined;
  return {
    view: job ? await receiptView(reader, request, job) : await closedView(reader, request),
    audience: state === 'ended' || askedAtMs !== undefined ? 'channel' : 'asker',
    replacesCard: true,
    about: { requestId, part: 'outcome' },
  };
}

/**
 * Returns the messages that tell the outcome: to the channel or the asker and, if the requester did not decide, to the
 * requester, who may not look at the card any more.
 */
export async function outcomeMessages(reader: Reader, request: ChatRequest): Promise<[Message, ...Message[]]> {
  const { askedAtMs, decidedBy, requester, place } = request;
  const outcome = await outcomeMessage(reader, request);
  if (askedAtMs === undefined || decidedBy?.principal === requester.principal) return [outcome];
  return [outcome, { view: outcome.view, audience: 'asker', replacesCard: false, to: place }];
}

/** The card of a request whose job takes longer. It has no buttons, and the receipt takes its place. */
export async function workingMessage(reader: Reader, request: ChatRequest): Promise<Message> {
  const words = REVOKING[request.locale];
  return {
    view: viewOf({
      title: words.workingTitle,
      sentences: [words.stillWorking],
      facts: await peopleFacts(reader, request),
      data: { ...dataOf(request), job_id: request.jobId },
    }),
    audience: 'channel',
    replacesCard: true,
    about: { requestId: request.requestId, part: 'card' },
  };
}

/**
 * Returns the answer to a press that comes too late. The card stays as it is: it may be the receipt by now. Only a card
 * that has expired or was cancelled is shown as such.
 */
export async function decidedMessage(reader: Reader, request: ChatRequest, locale: Locale): Promise<Message> {
  const words = REVOKING[locale];
  const { requestId, state, decidedBy, people, jobId } = request;
  if (request.isReplaced) return note(words.expiredTitle, [words.replaced], { data: dataOf(request) });
  if (state === 'expired' || state === 'cancelled' || !decidedBy) return outcomeMessage(reader, request);
  const decision = { who: await nameOf(reader, decidedBy.principal), atMs: decidedBy.atMs };
  const by = people === 2 ? words.alreadyBy.approve : words.alreadyBy.confirm;
  const job = jobId === undefined ? undefined : await reader.store.jobs.job(jobId);
  const isEnded = job !== undefined && FINAL_STATES.includes(job.state);
  const { principal, atMs } = decidedBy;
  const result = isEnded ? [words.done(job.revoked), ...leftoverSentences(words, job)] : [words.stillWorking];
  return note(words.alreadyTitle, [by(decision), ...result], {
    tone: 'neutral',
    data: { request_id: requestId, state, decided_by: principal, decided_at: String(atMs), revoked: job?.revoked },
  });
}

async function receiptView(reader: Reader, request: ChatRequest, job: Job): Promise<View> {
  const words = REVOKING[request.locale];
  const { target, decidedBy } = request;
  const { revoked, leftovers, leftoverCount = leftovers.length, passedOn } = job;
  const shown = leftovers.slice(0, ROWS_MAX);
  const keyIds = [target.keyId, ...shown.map(({ keyId }) => keyId)].filter((id) => id !== undefined && id !== '');
  const labels = await keyLabels(reader, requesterContexts(request), keyIds as string[]);
  const labelOf = (keyId: string) => labels.get(keyId) ?? keyId;
  const people = request.people === 2 ? 'approved_by' : 'confirmed_by';
  return viewOf({
    title: revoked === 0 ? words.receiptNothing : words.receiptTitle(revoked),
    tone: toneOf(job),
    sentences: [
      ...(job.state === 'stopped' ? [words.receiptStopped] : []),
      ...(job.state === 'nothing-found' ? [words.receiptGone] : []),
      ...leftoverSentences(words, job),
    ],
    facts: [
      ...(await peopleFacts(reader, request)),
      ...knownFacts([
        [words.fact.person, target.person],
        [words.fact.keys, target.keyId && labelOf(target.keyId)],
        [words.fact.grant, target.grantId],
        [words.fact.projects, target.projectIds.join(', ')],
        [words.fact.passedOn, target.action === 'revoke-all' ? words.passedOn(passedOn) : undefined],
        [words.fact.reason, request.reason],
        [words.fact.job, job.jobId],
      ]),
    ],
    rows: shown.map(
      ({ keyId, grantId, code }): Row => ({
        title: grantId === '' ? words.unreadKey : labelOf(keyId),
        details: [words.leftover(code), ...(grantId === '' && keyId !== '' ? [labelOf(keyId)] : [])],
        id: grantId || undefined,
      }),
    ),
    moreRows: Math.max(0, leftoverCount - shown.length),
    data: {
      ...dataOf(request),
      [people]: decidedBy?.principal,
      decided_at: decidedBy && String(decidedBy.atMs),
      job: serializeJob(job),
    },
  });
}

const leftoverSentences = (
  words: (typeof REVOKING)[Locale],
  { leftovers, leftoverCount = leftovers.length }: Job,
): string[] => (leftoverCount > 0 ? [words.receiptLeftovers(leftoverCount)] : []);

function toneOf({ state, revoked, leftovers }: Job): Tone {
  if (leftovers.length > 0 || state === 'leftovers' || state === 'stopped') return 'bad';
  return revoked > 0 ? 'good' : 'warning';
}

async function closedView(reader: Reader, request: ChatRequest): Promise<View> {
  const words = REVOKING[request.locale];
  const { state, decidedBy } = request;
  const parts = { facts: await peopleFacts(reader, request), data: dataOf(request) };
  if (state === 'ended') {
    const sentences = await goneSentences(reader, request);
    return viewOf({ ...parts, title: words.goneTitle, tone: 'warning', sentences });
  }
  const title = state === 'cancelled' ? words.cancelledTitle : words.expiredTitle;
  if (state === 'cancelled' && decidedBy) {
    const decision = { who: await nameOf(reader, decidedBy.principal), atMs: decidedBy.atMs };
    return viewOf({ ...parts, title, sentences: [words.alreadyBy.cancel(decision), words.cancelled] });
  }
  return viewOf({ ...parts, title, sentences: [request.isReplaced ? words.replaced : words.expired] });
}

/** Tells who removed the grants of the request, by the newest event about them. */
async function goneSentences({ store }: Reader, request: ChatRequest): Promise<string[]> {
  const words = REVOKING[request.locale];
  const { projectIds, grantees = [], keyId, grantId } = request.target;
  const filters = grantId === undefined ? grantees.map((grantee) => ({ grantee, keyId })) : [{ grantId }];
  const lists = await Promise.all(
    projectIds.flatMap((projectId) => filters.map((filter) => store.events.list(projectId, filter, 20))),
  );
  const newest = lists
    .flat()
    .filter(({ action, failure, isObserved }) => action !== 'create-grant' && failure === undefined && !isObserved)
    .reduce<(typeof lists)[number][number] | undefined>(
      (latest, event) => (latest && latest.atMs >= event.atMs ? latest : event),
      undefined,
    );
  if (!newest || newest.atMs < request.createdAtMs) return [words.gone, words.goneElsewhere];
  return [
    words.gone,
    words.goneBy(await nameOf({ store }, newest.actor), CHANNELS[request.locale][newest.channel], newest.atMs),
  ];
}

async function peopleFacts(reader: Reader, request: ChatRequest) {
  const words = REVOKING[request.locale];
  const { decidedBy, people, requester, state } = request;
  const decision =
    decidedBy && words.decision({ who: await nameOf(reader, decidedBy.principal), atMs: decidedBy.atMs });
  const name = people === 2 ? words.fact.approved : words.fact.confirmed;
  return knownFacts([
    [words.fact.requester, await nameOf(reader, requester.principal)],
    [name, state === 'cancelled' ? undefined : decision],
  ]);
}

/** To read the names of keys as the requester. */
const requesterContexts = ({ requester, requestId, kind, target }: ChatRequest): RequestContext[] =>
  target.projectIds.map((projectId) => ({
    caller: { userId: requester.principal, domainId: '', roles: [] },
    projectId,
    channel: kind,
    requestId,
    action: 'describe-key',
    body: new Uint8Array(),
  }));
