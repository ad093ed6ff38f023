/** `npm run admin -- <command>`: manages projects, users, access keys and webhook jobs, also while a service runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AccountError } from '../lib/identity/accounts.ts';
import { type Command, isFlag, type Output, type Values } from './admin/command.ts';
import { COMMANDS } from './admin/commands.ts';
import { commandHelp, INVOCATION, overview } from './admin/help.ts';
import { formatRows } from './admin/table.ts';
import { readLocalConfig } from './aws-credentials.ts';
import { DATABASE_FILE } from './data-dir.ts';
import { openServices } from './open-services.ts';

/** The command line is wrong; the process exits with 2. */
class UsageError extends Error {
  constructor(message: string, command?: Command) {
    super(`${message}; see: ${INVOCATION} ${command ? `${command.name} ` : ''}--help`);
  }
}

async function main([name, ...args]: string[]): Promise<void> {
  if (name === '--help') return console.log(overview());
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(name ? `there is no command ${name}` : 'the command is missing');
  const { json, help, ...options } = parse(command, args);
  if (help) return console.log(commandHelp(command));
  const output = await run(command, parseValues(command, options));
  print(output, json === true);
  if (output.hasFailed) process.exitCode = 1;
}

async function run(command: Command, values: Values): Promise<Output> {
  const config = readLocalConfig();
  if (!config.dynamodb && !command.createsDataDir && !existsSync(join(config.dataDir, DATABASE_FILE))) {
    throw new AccountError(
      `there is no database in ${config.dataDir} yet; create one with create-project or npm start`,
    );
  }
  const services = await openServices(config);
  try {
    return await command.run(services, values);
  } finally {
    await services.store.close();
  }
}

function parse(command: Command, args: string[]) {
  const names = [...command.required, ...command.optional];
  const typeOf = (name: (typeof names)[number]) =>
    isFlag(name) ? ({ type: 'boolean' } as const) : ({ type: 'string', multiple: true } as const);
  const ownOptions = Object.fromEntries(names.map((name) => [name, typeOf(name)]));
  try {
    const options = { ...ownOptions, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ args, options, strict: true }).values as Record<string, string[] | boolean | undefined>;
  } catch (error) {
    throw new UsageError(firstSentence((error as Error).message), command);
  }
}

/**
 * Returns the values of a command's options; an empty value counts as absent.
 * @throws UsageError if a required option is absent, an option is repeated, or --limit is out of range
 */
function parseValues(command: Command, options: Record<string, unknown>): Values {
  const values: Record<string, string> = {};
  for (const [option, given] of Object.entries(options as Record<string, string[] | true>)) {
    const [value, ...more] = given === true ? ['true'] : given;
    if (more.length > 0) throw new UsageError(`--${option} is given more than once`, command);
    if (value) values[option] = value;
  }
  const missing = command.required.filter((option) => !values[option]).map((option) => `--${option}`);
  if (missing.length > 0) throw new UsageError(`${command.name} needs ${missing.join(' and ')}`, command);
  if (!/^([1-9]\d{0,2}|1000)$/.test(values['limit'] ?? '1')) {
    throw new UsageError('--limit must be a whole number from 1 to 1000', command);
  }
  return values as Values;
}

/** The first sentence of an error message of parseArgs, without its advice. */
function firstSentence(message: string): string {
  const [, option] = /^Option '(--[\w-]+)(?:' argument is ambiguous| <value>' argument missing)/.exec(message) ?? [];
  return option ? `${option} needs a value` : (message.split(/[.\n]/)[0] ?? message);
}

function print({ data, brief, note, warnings = [], lines = [] }: Output, isJson: boolean): void {
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(isJson ? JSON.stringify(data, null, 2) : formatRows(brief ?? data));
  if (note && isJson) console.error(note);
  else if (note) console.log(['', note, ...lines].join('\n'));
}

// Files that this process creates are readable by their owner only.
process.umask(0o077);
main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
