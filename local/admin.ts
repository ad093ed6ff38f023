/** `npm run admin -- <command>`: manages projects, users and access keys, beside a running service or without one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../lib/config.ts';
import { AccountError } from '../lib/identity/accounts.ts';
import { type Command, OPTIONS, type Output, type Values } from './admin/command.ts';
import { COMMANDS } from './admin/commands.ts';
import { alignColumns, formatRows } from './admin/table.ts';
import { DATABASE_FILE } from './data-dir.ts';
import { openServices } from './open-services.ts';

const CALL = 'npm run admin --';

/** A command line that cannot be run as it stands. */
class UsageError extends Error {
  constructor(message: string, command?: Command) {
    super(`${message}; see: ${CALL} ${command ? `${command.name} ` : ''}--help`);
  }
}

async function main([name, ...args]: string[]): Promise<void> {
  if (name === '--help') return console.log(overview());
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError(name ? `there is no command ${name}` : 'a command is missing');
  const { json, help, ...given } = parse(command, args);
  if (help) return console.log(helpOf(command));
  const output = await run(command, checked(command, given));
  print(output, json === true);
  if (output.hasFailed) process.exitCode = 1;
}

async function run(command: Command, values: Values): Promise<Output> {
  const config = readConfig();
  if (!config.dynamodb && !command.startsFolder && !existsSync(join(config.dataDir, DATABASE_FILE))) {
    throw new AccountError(`there is no database in ${config.dataDir} yet; create-project or npm start makes one`);
  }
  const services = await openServices(config);
  try {
    return await command.run(services, values);
  } finally {
    await services.store.close();
  }
}

function parse(command: Command, args: string[]) {
  const names = [...command.needs, ...command.takes];
  const texts = Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true }] as const));
  try {
    const options = { ...texts, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ args, options, strict: true }).values as Record<string, string[] | boolean | undefined>;
  } catch (error) {
    throw new UsageError(plainly((error as Error).message), command);
  }
}

/** The values of a command's options: all that it needs, each given once. An empty one counts as absent. */
function checked(command: Command, given: Record<string, unknown>): Values {
  const values: Record<string, string> = {};
  for (const [option, [value, ...more]] of Object.entries(given as Record<string, string[]>)) {
    if (more.length > 0) throw new UsageError(`--${option} is given more than once`, command);
    if (value) values[option] = value;
  }
  const missing = command.needs.filter((option) => !values[option]).map((option) => `--${option}`);
  if (missing.length > 0) throw new UsageError(`${command.name} needs ${missing.join(' and ')}`, command);
  if (!/^([1-9]\d{0,2}|1000)$/.test(values['limit'] ?? '1')) {
    throw new UsageError('--limit must be a whole number from 1 to 1000', command);
  }
  return values as Values;
}

/** The first sentence of what parseArgs says, without its advice. */
function plainly(message: string): string {
  const [, option] = /^Option '(--[\w-]+)(?:' argument is ambiguous| <value>' argument missing)/.exec(message) ?? [];
  return option ? `${option} needs a value` : (message.split(/[.\n]/)[0] ?? message);
}

function print({ data, brief, note, lines = [] }: Output, isJson: boolean): void {
  console.log(isJson ? JSON.stringify(data, null, 2) : formatRows(brief ?? data));
  if (note && isJson) console.error(note);
  else if (note) console.log(['', note, ...lines].join('\n'));
}

function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => [`  ${name}`, summary]);
  return `Usage: ${CALL} <command> [options]

Manages projects, users, access keys and what hooks have started, in the data folder (DATA_DIR, default .data), beside a
running service or without one. Changes are in force with the next request.

${alignColumns([...commands, ['', ''], ...COMMON])}

Example:
  ${exampleOf(COMMANDS[0] as Command)}`;
}

function helpOf(command: Command): string {
  const { name, summary, needs, takes } = command;
  const usage = [...needs.map((option) => `--${option} …`), ...takes.map((option) => `[--${option} …]`)];
  const options = [...needs, ...takes].map((option) => [`  --${option}`, OPTIONS[option].about]);
  return `Usage: ${[CALL, name, ...usage].join(' ')} [--json]

${name}: ${summary}

${alignColumns([...options, ...COMMON])}

Example:
  ${exampleOf(command)}`;
}

const COMMON = [
  ['  --json', 'print JSON; with "npm run -s admin", nothing else'],
  ['  --help', 'print the help of a command, or this'],
];

function exampleOf({ name, needs }: Command): string {
  return [CALL, name, ...needs.map((option) => `--${option} ${OPTIONS[option].value}`)].join(' ');
}

// Whatever this process writes is for its owner only.
process.umask(0o077);
main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
