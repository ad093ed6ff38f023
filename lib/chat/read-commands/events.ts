import type { ChangeEvent } from '../../domain/events.ts';
import { GRANT_ID_PATTERN, KEY_ID_PATTERN } from '../../domain/ids.ts';
import { serializeEvent } from '../../http/serialize-event.ts';
import type { EventFilter } from '../../store/store.ts';
import type { Command } from '../command.ts';
import { GRANT_PREFIX_PATTERN } from '../grammar.ts';
import { findGrant, findKey, findPrincipals, type Lookup } from '../lookup.ts';
import { shownText, shownTime } from '../text.ts';
import { ROWS_MAX, type View, viewOf } from '../view.ts';
import type { ReadingWording } from '../wording/reading.ts';
import { inEachProject, notFound, principalText, type Question, rowOf, userNames } from './answer.ts';

type EventsQuestion = Question<Extract<Command, { name: 'events' }>>;

/** Events read for each project and filter: enough to count what most people ask for. */
const EVENTS_READ = 200;

interface Subject {
  label: string;
  filters: readonly EventFilter[];
}

/** Lists the events about a key, a person or a grant, the newest first. */
export async function showEvents(question: EventsQuestion): Promise<View> {
  const { contexts, dependencies, words } = question;
  const subject = await subjectOf(question);
  if ('title' in subject) return subject;
  const { events: store } = dependencies.store;
  const { results } = await inEachProject(contexts, ({ projectId }) =>
    Promise.all(subject.filters.map((filter) => store.list(projectId, filter, EVENTS_READ))),
  );
  const lists = results.flatMap(({ result }) => result);
  const events = lists.flat().sort((one, other) => other.atMs - one.atMs || (one.eventId < other.eventId ? 1 : -1));
  const shown = events.slice(0, ROWS_MAX);
  const names = await userNames(
    dependencies.store,
    shown.flatMap(({ actor, approvedBy, grant }) => [actor, approvedBy, grant?.grantee_principal]),
  );
  const moreRows = Math.max(0, events.length - ROWS_MAX);
  return viewOf({
    title: words.eventsTitle(subject.label),
    sentences: [
      ...(events.length === 0 ? words.noEvents : []),
      ...(lists.some(({ length }) => length === EVENTS_READ) ? [words.moreEvents] : []),
      ...(moreRows > 0 ? [words.allListedBy('list-grant-events')] : []),
    ],
    rows: shown.map((event) => eventRow(words, event, names)),
    moreRows,
    data: { events: shown.map(serializeEvent) },
  });
}

function eventRow(words: ReadingWording, event: ChangeEvent, names: ReadonlyMap<string, string>) {
  const { action, actor, approvedBy, atMs, channel, failure, grant, keyId, reason } = event;
  const grantId = grant?.grant_id ?? event.grantId;
  return rowOf(
    `${shownTime(atMs)} ${shownText(action)}`,
    [
      failure === undefined ? undefined : words.labelled('code', shownText(failure)),
      words.labelled('actor', principalText(actor, names)),
      approvedBy === undefined ? undefined : words.labelled('approver', principalText(approvedBy, names)),
      words.labelled('channel', words.channels[channel] ?? shownText(channel)),
      grant && words.labelled('grantee', principalText(grant.grantee_principal, names)),
      grantId === undefined ? undefined : words.labelled('keyId', shownText(keyId)),
      reason === undefined ? undefined : words.labelled('reason', shownText(reason, 255)),
    ],
    grantId ?? keyId,
  );
}

/**
 * What the events shall be about. Ids of keys and grants need not exist any more. Digits that could begin the id of a
 * grant are one only if they are not a person: users' ids consist of such digits too.
 * @returns a view when it cannot be told
 */
async function subjectOf(question: EventsQuestion): Promise<Subject | View> {
  const { command, contexts, dependencies, received, source, words } = question;
  const { about } = command;
  const find = (name: Parameters<typeof findPrincipals>[3]) =>
    findPrincipals(dependencies, source, received.sender, name);
  if (typeof about !== 'string') return subjectOfPerson(words, await find(about));
  const id = about.toLowerCase();
  if (GRANT_ID_PATTERN.test(id)) return { label: id, filters: [{ grantId: id }] };
  if (KEY_ID_PATTERN.test(id)) return { label: id, filters: [{ keyId: id }] };
  if (USER_ID_PATTERN.test(id)) return subjectOfPerson(words, await find({ text: about }));
  const key = await findKey(dependencies, contexts, about);
  if (key.result === 'ambiguous') return notFound(words, 'key', key);
  if (key.result === 'found') return { label: shownText(about), filters: [{ keyId: key.found.keyId }] };
  if (GRANT_PREFIX_PATTERN.test(id)) {
    const grant = await findGrant(dependencies, contexts, undefined, id);
    if (grant.result === 'ambiguous') return notFound(words, 'grant', grant);
    const grantId = grant.result === 'found' && grant.found.grant.grant_id;
    if (grantId) return { label: grantId, filters: [{ grantId }] };
  }
  return subjectOfPerson(words, await find({ text: about }));
}

/** As IAM issues ids of users. */
const USER_ID_PATTERN = /^[0-9a-f]{32}$/;

function subjectOfPerson(
  words: ReadingWording,
  lookup: Lookup<{ principals: readonly string[]; label: string }>,
): Subject | View {
  if (lookup.result !== 'found') return notFound(words, 'person', lookup);
  const { label, principals } = lookup.found;
  return { label: shownText(label), filters: principals.map((grantee) => ({ grantee })) };
}
