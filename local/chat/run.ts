/** Runs the chat command. It is a bot like any other: it signs its request and sends it over HTTP. */
import { randomUUID } from 'node:crypto';
import { CHAT_SOURCES } from '../../lib/chat/sources.ts';
import { sendRequest } from '../../lib/clients/http.ts';
import { NetworkError } from '../../lib/clients/network-error.ts';
import { readSecret } from '../../lib/clients/secrets.ts';
import type { Config } from '../../lib/config.ts';
import { signWebhook, webhookSecretProblem } from '../../lib/signing/standard-webhooks.ts';
import { parseJson } from '../../lib/util/json.ts';
import { parseHooks } from '../../lib/webhooks/hooks.ts';
import { NAME_PATTERN } from '../../lib/webhooks/named-settings.ts';
import { originOf, parseOptions, type Result, resultOfCommand, textResult, UsageError } from '../command-line.ts';
import { DEMO_CHAT_SOURCE } from '../demo-chat.ts';
import { type Answer, answerText, isAnswer, isRefused, type NextCommand } from './answer.ts';

const INVOCATION = 'npm run -s chat --';

const HELP = `Usage: ${INVOCATION} --as <name> [options] "<command>"

Sends a command to the service as a bot does, and prints the answer. To see the commands:

  ${INVOCATION} --as creator help

  --as <name>            who asks. The service knows you as the identity bot:<source>:<name>, which an administrator
                         maps to a user (npm run admin -- map). The demo has: creator, grantee, reader, administrator
  --source <name>        the source in HOOKS, of the kind bot; ${DEMO_CHAT_SOURCE} by default
  --url <origin>         where the service is; by default http://127.0.0.1:8080, or what HOST and PORT say
  --secret-file <path>   a file with the secret of the source (whsec_...); by default it is read from HOOKS
  --channel <name>       the channel in which you ask; a request can only be confirmed in its channel
  --locale <language>    en or zh
  --json                 print the whole answer as JSON
  --help                 print this text

In a command, @name is a person of this source. Where a platform has buttons, the answer says what to run instead.
HOOKS, DATA_DIR, HOST and PORT must have the values that the service was started with. Exit code: 0 if the command was
answered, 1 if it was refused or the service does not answer, 2 if the command line is wrong.`;

const OPTIONS = {
  as: { type: 'string' },
  source: { type: 'string' },
  url: { type: 'string' },
  'secret-file': { type: 'string' },
  channel: { type: 'string' },
  locale: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const HELP_COMMAND = `${INVOCATION} --help`;

/** The work of the service on one command is limited to seconds. */
const TIMEOUT_MS = 30_000;

/** @param readConfig throws for an invalid setting */
export async function runChat(args: readonly string[], readConfig: () => Config): Promise<Result> {
  return resultOfCommand(async () => {
    const { values, positionals } = parse(args);
    if (values.help) return textResult(HELP);
    if (!values.as) throw new UsageError('--as is missing: who asks', HELP_COMMAND);
    if (positionals.length === 0) throw new UsageError('the command is missing, for example help', HELP_COMMAND);
    const answer = await send({ ...values, as: values.as }, positionals.join(' '), readConfig());
    const text = values.json ? JSON.stringify(answer, null, 2) : answerText(answer, nextCommand(values));
    return { code: isRefused(answer) ? 1 : 0, out: `${text}\n`, err: '' };
  });
}

const parse = (args: readonly string[]) =>
  parseOptions({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true }, HELP_COMMAND);

type Values = Omit<ReturnType<typeof parse>['values'], 'as'> & { as: string };

async function send(values: Values, command: string, config: Config): Promise<Answer> {
  const { as: actor, source = DEMO_CHAT_SOURCE, channel, locale } = values;
  if (!NAME_PATTERN.test(source)) throw new UsageError('--source must be a name in HOOKS', HELP_COMMAND);
  const url = originOf(values.url, config, HELP_COMMAND);
  const secret = await secretOf(source, values['secret-file'], config);
  const id = `chat-${randomUUID()}`;
  const said = command.replaceAll(/(^|\s)@([^\s<>|]+)/g, '$1<@$2>');
  const body = JSON.stringify({ command: said, actor, channel, request_id: id, locale });
  const headers = {
    ...signWebhook({ id, timestampSeconds: Math.floor(Date.now() / 1000), body }, [secret]),
    'content-type': 'application/json',
  };
  const response = await sendRequest(
    { method: 'POST', url: `${url}/hooks/${source}`, headers, body },
    TIMEOUT_MS,
  ).catch((error: unknown) => {
    if (!(error instanceof NetworkError)) throw error;
    if (error.failure !== 'unsent') throw new Error(`no answer from ${url}; the command may have been carried out`);
    throw new Error(`there is no service at ${url}. Start it with npm start, or name its address with --url`);
  });
  const answer = parseJson(response.text);
  if (response.status === 200 && isAnswer(answer)) return answer;
  const reason = (answer as { error_msg?: unknown } | undefined)?.error_msg;
  throw new Error(`refused with status ${response.status}: ${typeof reason === 'string' ? reason : 'no reason given'}`);
}

async function secretOf(source: string, path: string | undefined, config: Config): Promise<string> {
  if (path !== undefined) {
    const secret = (await readSecret({ kind: 'file', path })).trim();
    const problem = webhookSecretProblem(secret);
    if (problem) throw new Error(`the secret in ${path} ${problem}`);
    return secret;
  }
  if (!config.hooks) {
    throw new Error(
      'HOOKS is not set, and the data folder has no demo. Set HOOKS and DATA_DIR as for the service, or use --secret-file',
    );
  }
  const sources = parseHooks(await readSecret(config.hooks), [CHAT_SOURCES], config);
  const found = sources.get(source);
  if (found?.kind !== 'bot') throw new Error(`HOOKS has no source ${source} of the kind bot`);
  const [secret = ''] = found.secrets;
  return secret;
}

/** The options that the next command line needs too. */
function nextCommand(values: Partial<Values>): NextCommand {
  const names = ['source', 'url', 'secret-file', 'channel', 'locale'] as const;
  const options = names.map((name) => (values[name] === undefined ? '' : ` --${name} ${shellWord(values[name])}`));
  return { invocation: INVOCATION, person: shellWord(values.as ?? ''), options: options.join('') };
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
