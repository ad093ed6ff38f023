import type { ListedKey } from '../../domain/model.ts';
import { pageFields } from '../../http/serialize-grants.ts';
import { serializeKey } from '../../http/serialize-key.ts';
import type { Command } from '../command.ts';
import { shownText } from '../text.ts';
import { ROWS_MAX, type View, viewOf } from '../view.ts';
import { countOf, failureSentences, inEachProject, projectNames, type Question, rowOf } from './answer.ts';

/** Lists the keys of each project, the oldest first. */
export async function listKeys({
  contexts,
  dependencies: { authority, config, store },
  words,
}: Question<Extract<Command, { name: 'keys' }>>): Promise<View> {
  const { results, failed } = await inEachProject(contexts, (context) =>
    authority.listKeys(context, {}, { limit: ROWS_MAX }),
  );
  const names = await projectNames(
    store,
    contexts.map(({ projectId }) => projectId),
  );
  const rows = results.flatMap(({ context, result }) =>
    result.keys.map((key) => {
      const { key_id: keyId, key_alias: alias, key_state: state = '' } = serializeKey(key, config.region);
      return rowOf(
        shownText(typeof alias === 'string' && alias !== '' ? alias : keyId, 255),
        [
          words.keyStates[state] ?? shownText(state),
          grantCountOf(key) === undefined ? undefined : words.grantCount(grantCountOf(key) ?? 0),
          contexts.length > 1 ? words.labelled('project', names.get(context.projectId) ?? '') : undefined,
        ],
        keyId,
      );
    }),
  );
  const counts = results.map(({ result }) => countOf(result.keys.length, result));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const unread = [...failed, ...results.flatMap(({ result }) => result.failed ?? [])];
  const moreRows = total - Math.min(rows.length, ROWS_MAX);
  const isEmpty = total === 0 && unread.length === 0;
  return viewOf({
    title: words.keysTitle,
    tone: unread.length > 0 ? 'warning' : 'neutral',
    sentences: [
      ...failureSentences(words, unread),
      ...(isEmpty ? [words.noKeys] : []),
      ...(moreRows > 0 ? [words.allListedBy('list-keys')] : []),
    ],
    rows: rows.slice(0, ROWS_MAX),
    moreRows,
    data: {
      projects: results.map(({ context: { projectId }, result }) => {
        const details = result.keys.map((key) => serializeKey(key, config.region));
        return {
          project_id: projectId,
          keys: details.map(({ key_id }) => key_id),
          key_details: details,
          ...pageFields(result),
        };
      }),
    },
  });
}

/** An upstream does not tell it. */
const grantCountOf = (key: ListedKey) => ('details' in key ? undefined : key.grantCount);
