/** How a request looks: its preview, its approval card, and notes to the one who acts. */
import type { Grant } from '../domain/model.ts';
import { serializeFailures } from '../domain/model.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { Person } from './person.ts';
import type { Locale } from './platform.ts';
import type { ChatRequest } from './requests.ts';
import { contextsOf, type FoundTarget, keyLabels } from './target.ts';
import type { Button, Fact, Message, Row, View } from './view.ts';
import { REVOKING } from './wording/revoking.ts';

/** More rows help nobody to decide; the rest is counted. */
const ROWS_MAX = 10;

type Reader = Pick<ChatDependencies, 'authority' | 'store'>;

/** Returns what to call a principal. An e-mail address as a name is left out: the channel may see it. */
export async function nameOf({ store }: Pick<Reader, 'store'>, principal: string): Promise<string> {
  const user = await store.directory.user(principal);
  return user && !/[@＠]/.test(user.name) ? `${user.name} (${principal.slice(0, 8)})` : principal;
}

export const emptyView: View = {
  title: '',
  tone: 'neutral',
  sentences: [],
  facts: [],
  rows: [],
  moreRows: 0,
  buttons: [],
  data: {},
};

/** A message to the one who acts, which leaves the card as it is. */
export function note(title: string, sentences: readonly string[], more: Partial<View> = {}): Message {
  return { view: { ...emptyView, tone: 'warning', title, sentences, ...more }, audience: 'asker', replacesCard: false };
}

export const factsOf = (facts: readonly (readonly [name: string, value: string | undefined])[]): Fact[] =>
  facts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));

/** The values that identify a request, for programs. */
export const dataOf = (request: ChatRequest) => ({
  request_id: request.requestId,
  state: request.state,
  action: request.target.action,
  total: request.grantCount,
  digest: request.digest,
  people: request.people,
  expires_at: String(request.expiresAtMs),
  requested_by: request.requester.principal,
  reason: request.reason,
});

interface PreviewParts {
  person: Person;
  found: FoundTarget;
  locale: Locale;
  /** What stands above everything else, for example that the grants have changed. */
  warning?: string | undefined;
  buttons: readonly Button[];
}

/** Returns the view of a request that nobody has decided yet. */
export async function requestView(
  reader: Reader,
  request: ChatRequest,
  { person, found, locale, warning, buttons }: PreviewParts,
): Promise<View> {
  const words = REVOKING[locale];
  const { target } = request;
  const { grants, failed, passedOn } = found;
  const shown = grants.slice(0, ROWS_MAX);
  const keyIds = [...new Set(grants.map(({ key_id }) => key_id))];
  const labels = await keyLabels(reader, contextsOf(person, target), keyIds.slice(0, ROWS_MAX));
  const isAsked = request.state === 'asked';
  return {
    ...emptyView,
    title: isAsked ? words.approvalTitle(grants.length) : words.previewTitle(grants.length),
    tone: 'warning',
    sentences: [
      ...(warning ? [warning] : []),
      words.nothingRevokedYet,
      ...(failed.length > 0 ? [words.unread(failed.length)] : []),
      ...(isAsked ? [words.approverRule] : request.people === 2 ? [words.secondPersonNeeded] : []),
    ],
    facts: factsOf([
      [words.fact.requester, isAsked ? await nameOf(reader, request.requester.principal) : undefined],
      [words.fact.person, target.person],
      [words.fact.keys, listed([...labels.values()], keyIds.length - labels.size, words.more)],
      [words.fact.operations, [...new Set(grants.flatMap(({ operations }) => operations))].sort().join(', ')],
      [words.fact.projects, target.projectIds.join(', ')],
      [words.fact.passedOn, words.passedOn(passedOn)],
      [words.fact.reason, request.reason],
      [words.fact.expires, words.time(request.expiresAtMs)],
    ]),
    rows: await Promise.all(shown.map((grant) => rowOf(reader, grant, labels.get(grant.key_id), locale))),
    moreRows: grants.length - shown.length,
    buttons,
    data: {
      ...dataOf(request),
      keys: keyIds.map((id) => ({ key_id: id, total: grants.filter(({ key_id }) => key_id === id).length })),
      grants: shown,
      passed_on: passedOn,
      failed: failed.length > 0 ? serializeFailures(failed) : undefined,
    },
  };
}

const listed = (labels: readonly string[], more: number, moreText: (count: number) => string) =>
  [...labels, ...(more > 0 ? [moreText(more)] : [])].join(', ');

async function rowOf(reader: Reader, grant: Grant, label: string | undefined, locale: Locale): Promise<Row> {
  const words = REVOKING[locale];
  const { issuing_principal: issuer, creation_date: createdAt, name } = grant;
  return {
    title: label ?? grant.key_id,
    details: [
      grant.operations.join(', '),
      words.issued(
        issuer === undefined ? words.unknown : await nameOf(reader, issuer),
        createdAt === undefined ? undefined : Number(createdAt),
      ),
      ...(name ? [words.grantName(name)] : []),
    ],
    id: grant.grant_id,
  };
}

/** The buttons of a request that nobody has decided yet. */
export function buttonsOf({ requestId, state, people, grantCount }: ChatRequest, locale: Locale): Button[] {
  const { button } = REVOKING[locale];
  const cancel: Button = { name: 'cancel', label: button.cancel, style: 'default', requestId };
  if (state === 'asked') {
    return [{ name: 'approve', label: button.approve(grantCount), style: 'danger', requestId }, cancel];
  }
  const first: Button =
    people === 2
      ? { name: 'ask', label: button.ask, style: 'primary', requestId }
      : { name: 'confirm', label: button.confirm(grantCount), style: 'danger', requestId };
  return [first, cancel];
}

/** The card on which a second person approves or cancels. */
export async function approvalCard(
  reader: Reader,
  asked: ChatRequest,
  parts: Omit<PreviewParts, 'locale' | 'buttons'>,
): Promise<Message> {
  const { locale, requestId } = asked;
  return {
    view: await requestView(reader, asked, { ...parts, locale, buttons: buttonsOf(asked, locale) }),
    audience: 'channel',
    replacesCard: true,
    about: { requestId, part: 'card' },
  };
}
