import { findGrants } from '../../authority/bulk-revoke.ts';
import { type Grant, serializeFailures } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { serializeEvent } from '../../http/serialize-event.ts';
import { pageFields } from '../../http/serialize-grants.ts';
import type { Command } from '../command.ts';
import type { ChatDependencies } from '../dependencies.ts';
import { findGrant, findKey, findPrincipals } from '../lookup.ts';
import { mayUse } from '../rights.ts';
import { shownText, shownTime } from '../text.ts';
import { ROWS_MAX, type View, viewOf } from '../view.ts';
import type { ReadingWording } from '../wording/reading.ts';
import {
  aliasesOf,
  countOf,
  factsOf,
  failureSentences,
  grantDetails,
  granteeText,
  inEachProject,
  namesIn,
  notFound,
  principalText,
  projectNames,
  type Question,
  rowOf,
  userNames,
} from './answer.ts';

/** As many grants as a page of list-principal-grants has. */
const DATA_ROWS_MAX = 1000;

type Named<N extends Command['name']> = Extract<Command, { name: N }>;

/** Lists the grants on a key, the oldest first. */
export async function listGrants({ command, contexts, dependencies, words }: Question<Named<'list'>>): Promise<View> {
  const lookup = await findKey(dependencies, contexts, command.key);
  if (lookup.result !== 'found') return notFound(words, 'key', lookup);
  const { context, keyId, label } = lookup.found;
  const page = await dependencies.authority.listGrants(context, keyId, {}, { limit: ROWS_MAX });
  const grants = JSON.parse(page.json) as Grant[];
  const { failed = [] } = page;
  const total = countOf(grants.length, page);
  const names = await namesIn(dependencies.store, grants);
  return viewOf({
    title: words.listTitle(shownText(label)),
    tone: failed.length > 0 ? 'warning' : 'neutral',
    sentences: [
      ...failureSentences(words, failed),
      ...(total === 0 && failed.length === 0 ? [words.noGrantsOnKey] : []),
      ...(total > grants.length ? [words.allListedBy('list-grants')] : []),
    ],
    facts: factsOf(words, { key: shownText(label), keyId: shownText(keyId), grants: String(total) }),
    rows: grants.map((grant) =>
      rowOf(granteeText(words, grant, names), grantDetails(words, grant, names), grant.grant_id),
    ),
    moreRows: total - grants.length,
    data: { project_id: context.projectId, key_id: keyId, grants, ...pageFields(page) },
  });
}

/** Lists the grants that a person holds, key by key. */
export async function who(question: Question<Named<'who'>>): Promise<View> {
  const { command, contexts, dependencies, received, source, words } = question;
  const lookup = await findPrincipals(dependencies, source, received.sender, command.person);
  if (lookup.result !== 'found') return notFound(words, 'person', lookup);
  const { principals, label } = lookup.found;
  const { authority, store } = dependencies;
  const { results, failed } = await inEachProject(contexts, async (context) => {
    const found = await Promise.all(principals.map((grantee) => findGrants(authority, context, { grantee })));
    return { grants: found.flatMap(({ grants }) => grants), failed: found.flatMap((one) => one.failed) };
  });
  const unread = [...failed, ...results.flatMap(({ result }) => result.failed)];
  const withGrants = results.filter(({ result }) => result.grants.length > 0).map(({ context }) => context);
  const aliases = await aliasesOf(authority, withGrants);
  const projects = await projectNames(
    store,
    contexts.map(({ projectId }) => projectId),
  );
  const aliasOf = (grant: Grant) => aliases.get(grant.key_id) ?? shownText(grant.key_id);
  const held = results
    .flatMap(({ context, result }) => result.grants.map((grant) => ({ context, grant })))
    .sort((one, other) => compare(aliasOf(one.grant), aliasOf(other.grant)));
  const keyCount = new Set(held.map(({ grant }) => grant.key_id)).size;
  const isEmpty = held.length === 0 && unread.length === 0;
  const shown = held.slice(0, ROWS_MAX);
  const names = await namesIn(
    store,
    shown.map(({ grant }) => grant),
  );
  const isUser = await Promise.all(principals.map(async (id) => (await store.directory.user(id)) !== undefined));
  const mayBeMistyped = isEmpty && !isUser.includes(true);
  return viewOf({
    title: words.whoTitle(shownText(label)),
    tone: unread.length > 0 || mayBeMistyped ? 'warning' : 'neutral',
    sentences: [
      ...failureSentences(words, unread),
      ...(isEmpty ? [words.noGrantsOfPerson] : []),
      ...(mayBeMistyped ? [words.noSuchUser, words.howPeopleAreNamed] : []),
      ...(held.length > ROWS_MAX ? [words.allListedBy('list-principal-grants')] : []),
    ],
    facts: factsOf(words, {
      person: shownText(label),
      principal: shownText(principals.join(', '), 255),
      grants: words.grantsOnKeys(held.length, keyCount),
    }),
    rows: shown.map(({ context, grant }) => {
      const project =
        contexts.length > 1 ? words.labelled('project', projects.get(context.projectId) ?? '') : undefined;
      const holder = principals.length > 1 ? words.labelled('grantee', granteeText(words, grant, names)) : undefined;
      const title = words.labelled('key', aliasOf(grant));
      return rowOf(title, [project, holder, ...grantDetails(words, grant, names)], grant.grant_id);
    }),
    moreRows: Math.max(0, held.length - ROWS_MAX),
    data: {
      principals,
      projects: results.map(({ context: { projectId }, result }) => ({
        project_id: projectId,
        grants: result.grants.slice(0, DATA_ROWS_MAX),
        total: result.grants.length,
      })),
      failed: serializeFailures(unread),
    },
  });
}

const compare = (one: string, other: string) => Number(one > other) - Number(one < other);

/** Shows one grant; one that is gone with the newest event about it. */
export async function showGrant(question: Question<Named<'show'>>): Promise<View> {
  const { command, contexts, dependencies, source, words } = question;
  const lookup = await findGrant(dependencies, contexts, undefined, command.grant);
  if (lookup.result === 'absent') {
    const gone = await goneGrant(dependencies.store, contexts, command.grant, words);
    return gone?.view ?? notFound(words, 'grant', lookup);
  }
  if (lookup.result === 'ambiguous') return notFound(words, 'grant', lookup);
  const { context, grant } = lookup.found;
  const alias = (await aliasesOf(dependencies.authority, [context])).get(grant.key_id);
  const projects = await projectNames(dependencies.store, [context.projectId]);
  const names = await namesIn(dependencies.store, [grant]);
  const mayRevoke = mayUse(source, [context], 'revoke');
  return viewOf({
    title: words.showTitle,
    sentences: mayRevoke ? [words.howToRevoke(`revoke ${grant.key_id} ${grant.grant_id}`)] : [],
    facts: factsOf(words, {
      grant: shownText(grant.grant_id),
      name: grant.name ? shownText(grant.name, 255) : undefined,
      key: alias,
      keyId: shownText(grant.key_id),
      grantee: granteeText(words, grant, names),
      operations: shownText(grant.operations.join(', '), 255),
      issuer: principalText(grant.issuing_principal, names),
      retiring: grant.retiring_principal ? shownText(grant.retiring_principal) : undefined,
      created: shownTime(grant.creation_date),
      project: projects.get(context.projectId),
    }),
    data: { project_id: context.projectId, grant },
  });
}

/**
 * Shows the newest event about a grant.
 * @returns undefined when there is no event about a grant with exactly this id. `isRemoved`: the event removed it
 */
export async function goneGrant(
  store: ChatDependencies['store'],
  contexts: readonly RequestContext[],
  grantId: string,
  words: ReadingWording,
): Promise<{ view: View; isRemoved: boolean } | undefined> {
  const events = await Promise.all(contexts.map(({ projectId }) => store.events.list(projectId, { grantId }, 1)));
  const [event] = events.flat();
  if (!event) return undefined;
  const { action, actor, approvedBy, atMs, channel, failure, keyId, reason } = event;
  const names = await userNames(store, [actor, approvedBy]);
  const view = viewOf({
    title: words.goneTitle,
    tone: 'warning',
    sentences: [words.newestEvent(shownText(action), shownTime(atMs))],
    facts: factsOf(words, {
      grant: grantId,
      keyId: shownText(keyId),
      actor: principalText(actor, names),
      approver: approvedBy === undefined ? undefined : principalText(approvedBy, names),
      channel: words.channels[channel] ?? shownText(channel),
      reason: reason && shownText(reason, 255),
    }),
    data: { result: 'absent', events: [serializeEvent(event)] },
  });
  return { view, isRemoved: action !== 'create-grant' && failure === undefined };
}
