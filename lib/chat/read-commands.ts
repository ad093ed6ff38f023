import { KmsError } from '../errors.ts';
import { describeCause, logger } from '../logger.ts';
import type { Command, NotUnderstood, ReadCommand } from './command.ts';
import type { CommandCall } from './command-call.ts';
import type { ChatDependencies } from './dependencies.ts';
import { projectNames, type Question } from './read-commands/answer.ts';
import { showEvents } from './read-commands/events.ts';
import { listGrants, showGrant, who } from './read-commands/grants.ts';
import { help, notUnderstood, whoami } from './read-commands/help.ts';
import { showJob } from './read-commands/job.ts';
import { listKeys } from './read-commands/keys.ts';
import { contextsWithRight, PERMISSIONS } from './rights.ts';
import type { ChatSource } from './source.ts';
import { forReadersAt, shownText } from './text.ts';
import { type Message, messageToAsker, type View, viewOf } from './view.ts';
import { READING } from './wording/reading.ts';

type AnyReadCommand = ReadCommand | Extract<Command, { name: 'help' | 'whoami' }> | NotUnderstood;

/** Answers a command that changes nothing. Only the asker sees the answer. */
export async function answerCommand(
  dependencies: ChatDependencies,
  call: CommandCall<AnyReadCommand>,
): Promise<Message> {
  const words = READING[call.received.locale];
  const view = await viewOfCommand({ ...call, dependencies, words, contexts: call.person.contexts });
  return forReadersAt(call.received.place, messageToAsker(view));
}

async function viewOfCommand(question: Question<AnyReadCommand>): Promise<View> {
  const { command, words } = question;
  switch (command.name) {
    case 'help':
      return help({ ...question, command });
    case 'whoami':
      return whoami({ ...question, command });
    case 'not-understood':
      return notUnderstood({ ...question, command });
  }
  const contexts = contextsWithRight(question.contexts, command.name);
  const refusal = await refusalOf({ ...question, command, contexts });
  if (refusal) return refusal;
  try {
    return await read({ ...question, command, contexts });
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    logger.warn('chat', { action: command.name, code: error.publicCode, cause: describeCause(error) });
    return viewOf({
      title: words.failedTitle,
      tone: 'bad',
      sentences: [words.failed(shownText(error.publicCode), shownText(error.message, 500))],
      data: { error_code: error.publicCode, error_msg: error.message },
    });
  }
}

/** @returns undefined if the source offers the command and the person may use it */
async function refusalOf({
  command: { name },
  contexts,
  dependencies: { store },
  source,
  words,
}: Question<ReadCommand>): Promise<View | undefined> {
  if (!source.actions.includes(name)) {
    const sentences = [words.notOffered(name, source.name)];
    return viewOf({ title: words.notOfferedTitle, tone: 'bad', sentences, data: { error_code: 'KMS.0307' } });
  }
  if (contexts.length > 0) return undefined;
  const projects = await projectsOf(store, source);
  const sentences = [words.notAllowed(PERMISSIONS[name].join(' / '), projects)];
  return viewOf({ title: words.notAllowedTitle, tone: 'bad', sentences, data: { error_code: 'KMS.0307' } });
}

async function projectsOf(store: ChatDependencies['store'], { projectIds }: ChatSource): Promise<string> {
  const names = await projectNames(store, projectIds);
  return projectIds.map((projectId) => names.get(projectId) ?? projectId).join(', ');
}

function read(question: Question<ReadCommand>): Promise<View> {
  const { command } = question;
  switch (command.name) {
    case 'keys':
      return listKeys({ ...question, command });
    case 'list':
      return listGrants({ ...question, command });
    case 'who':
      return who({ ...question, command });
    case 'show':
      return showGrant({ ...question, command });
    case 'events':
      return showEvents({ ...question, command });
    case 'job':
      return showJob({ ...question, command });
  }
}
