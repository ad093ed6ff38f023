/** Runs one admin command. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../lib/config.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { parseOptions, type Result, resultOfCommand, textResult, UsageError } from '../command-line.ts';
import { DATABASE_FILE } from '../data-dir.ts';
import { openServices } from '../open-services.ts';
import { type Command, isFlag, type Output, type Values } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandHelp, INVOCATION, overview } from './help.ts';
import { formatRows } from './table.ts';

const helpOf = (command?: Command) => `${INVOCATION} ${command ? `${command.name} ` : ''}--help`;

/** @param readConfig throws for an invalid setting */
export const runAdmin = (args: readonly string[], readConfig: () => Config): Promise<Result> =>
  resultOfCommand(() => runCommand(args, readConfig));

async function runCommand([name, ...args]: readonly string[], readConfig: () => Config): Promise<Result> {
  if (name === '--help' || name === 'help') return textResult(overview());
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(name ? `there is no command ${name}` : 'the command is missing', helpOf());
  const { json, help, ...options } = parse(command, args);
  if (help) return textResult(commandHelp(command));
  const output = await runOnStore(command, parseValues(command, options), readConfig());
  return resultOf(output, json === true);
}

async function runOnStore(command: Command, values: Values, config: Config): Promise<Output> {
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

function parse(command: Command, args: readonly string[]) {
  const names = [...command.required, ...command.optional];
  const typeOf = (name: (typeof names)[number]) =>
    isFlag(name) ? ({ type: 'boolean' } as const) : ({ type: 'string', multiple: true } as const);
  const ownOptions = Object.fromEntries(names.map((name) => [name, typeOf(name)]));
  const options = { ...ownOptions, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  return parseOptions({ args: [...args], options, strict: true }, helpOf(command)).values as Record<
    string,
    string[] | boolean | undefined
  >;
}

/**
 * Returns the values of a command's options; an empty value counts as absent.
 * @throws UsageError if a required option is absent, an option is repeated, or --limit is out of range
 */
function parseValues(command: Command, options: Record<string, unknown>): Values {
  const values: Record<string, string> = {};
  for (const [option, given] of Object.entries(options as Record<string, string[] | true>)) {
    const [value, ...more] = given === true ? ['true'] : given;
    if (more.length > 0) throw new UsageError(`--${option} is given more than once`, helpOf(command));
    if (value) values[option] = value;
  }
  const missing = command.required.filter((option) => !values[option]).map((option) => `--${option}`);
  if (missing.length > 0) throw new UsageError(`${command.name} needs ${missing.join(' and ')}`, helpOf(command));
  if (!/^([1-9]\d{0,2}|1000)$/.test(values['limit'] ?? '1')) {
    throw new UsageError('--limit must be a whole number from 1 to 1000', helpOf(command));
  }
  return values as Values;
}

function resultOf({ data, brief, note, warnings = [], lines = [], hasFailed }: Output, isJson: boolean): Result {
  const out = [isJson ? JSON.stringify(data, null, 2) : formatRows(brief ?? data)];
  const err = warnings.map((warning) => `warning: ${warning}`);
  if (note && isJson) err.push(note);
  else if (note) out.push('', note, ...lines);
  const textOf = (list: readonly string[]) => list.map((line) => `${line}\n`).join('');
  return { code: hasFailed ? 1 : 0, out: textOf(out), err: textOf(err) };
}
