/** The help texts of the admin command. */
import { type Command, isFlag, OPTIONS } from './command.ts';
import { COMMANDS } from './commands.ts';
import { alignColumns } from './table.ts';

export const INVOCATION = 'npm run admin --';

export function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => [`  ${name}`, summary]);
  return `Usage: ${INVOCATION} <command> [options]

Manages projects, users, access keys, mappings and jobs in the store that the settings name, by default the data folder
DATA_DIR (.data). A service may be running; changes take effect with its next request.

${alignColumns([...commands, ['', ''], ...COMMON])}

Example:
  ${exampleOf(COMMANDS[0] as Command)}`;
}

export function commandHelp(command: Command): string {
  const { name, summary, required, optional } = command;
  const usage = [
    ...required.map((option) => `--${option} …`),
    ...optional.map((option) => `[--${option}${isFlag(option) ? '' : ' …'}]`),
  ];
  const options = [...required, ...optional].map((option) => [`  --${option}`, OPTIONS[option].about]);
  return `Usage: ${[INVOCATION, name, ...usage].join(' ')} [--json]

${name}: ${summary}

${alignColumns([...options, ...COMMON])}

Example:
  ${exampleOf(command)}`;
}

const COMMON = [
  ['  --json', 'print JSON; use "npm run -s admin" to get nothing but JSON'],
  ['  --help', 'print this help, or the help of a command'],
];

function exampleOf({ name, required }: Command): string {
  return [INVOCATION, name, ...required.map((option) => `--${option} ${OPTIONS[option].value}`)].join(' ');
}
