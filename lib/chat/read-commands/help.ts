import type { Command, NotUnderstood } from '../command.ts';
import { USAGES } from '../grammar.ts';
import { mayUse } from '../rights.ts';
import { CHAT_ACTIONS } from '../source.ts';
import { shownText } from '../text.ts';
import { type View, viewOf } from '../view.ts';
import { factsOf, projectNames, type Question } from './answer.ts';

/** Lists the commands that the person may use here; with the name of one of them, only that one. */
export function help({ command, contexts, source, words }: Question<Extract<Command, { name: 'help' }>>): View {
  const actions = CHAT_ACTIONS.filter((action) => mayUse(source, contexts, action));
  const names = [...actions, 'help', 'whoami'] as const;
  const about = command.about?.toLowerCase();
  const one = names.find((name) => name === about);
  const shown = one === undefined ? names : [one];
  const hint = actions.length === 0 ? words.nothingElse : undefined;
  return viewOf({
    title: words.helpTitle,
    sentences: [hint, one && words.typeHelp].filter((sentence) => sentence !== undefined),
    rows: shown.map((name) => {
      const { about: description, example } = words.commands[name];
      return { title: USAGES[name], details: [description, words.example(example)] };
    }),
    data: { commands: shown.map((name) => ({ name, usage: USAGES[name], about: words.commands[name].about })) },
  });
}

/** Shows who the person is to this service, and the roles. */
export async function whoami({
  contexts,
  dependencies: { store },
  person: { identity, principal },
  words,
}: Question<Extract<Command, { name: 'whoami' }>>): Promise<View> {
  const user = await store.directory.user(principal);
  const ids = contexts.map(({ projectId }) => projectId);
  const names = await projectNames(store, ids);
  return viewOf({
    title: words.whoamiTitle,
    sentences: contexts.length === 0 ? [words.noProjects] : [],
    facts: factsOf(words, {
      identity: shownText(identity, 255),
      principal: shownText(principal),
      name: user && shownText(user.name),
    }),
    rows: contexts.map(({ projectId, caller }) => ({
      title: words.labelled('project', names.get(projectId) ?? shownText(projectId)),
      details: [words.labelled('roles', shownText(caller.roles.join(', '), 255))],
    })),
    data: {
      identity,
      principal,
      projects: contexts.map(({ projectId, caller }) => ({ project_id: projectId, roles: caller.roles })),
    },
  });
}

/** The answer to a text that is not a command: it suggests the command that is spelled most like it. */
export function notUnderstood({ command: { problem, usage }, words }: Question<NotUnderstood>): View {
  const isUnknown = problem === 'unknown-command';
  const hint = usage && (isUnknown ? words.didYouMean(usage) : words.usage(usage));
  const help = isUnknown
    ? undefined
    : Object.entries(words.commands).find(([name]) => name === usage?.split(' ')[0])?.[1];
  return viewOf({
    title: words.notUnderstood[problem],
    tone: 'bad',
    sentences: [hint, help && `${help.about} ${words.example(help.example)}`, words.typeHelp].filter(
      (sentence) => sentence !== undefined,
    ),
    data: { problem, usage },
  });
}
