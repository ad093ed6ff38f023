/** What the commands `admin`, `chat` and `hook` share: how options are read, and what an error prints. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Config } from '../lib/config.ts';

/** What a command prints, and its exit code. */
export interface Result {
  code: number;
  out: string;
  err: string;
}

/** The command line is wrong: the exit code is 2. */
export class UsageError extends Error {
  /** @param help the command that prints the help */
  constructor(message: string, help: string) {
    super(`${message}; see: ${help}`);
  }
}

/** Runs a command. An error becomes one line of text, and the exit code 1 or 2. */
export async function resultOfCommand(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    return { code: error instanceof UsageError ? 2 : 1, out: '', err: `${(error as Error).message}\n` };
  }
}

export const textResult = (text: string): Result => ({ code: 0, out: `${text}\n`, err: '' });

/** Reads the options of a command. @throws UsageError */
export function parseOptions<T extends ParseArgsConfig>(config: T, help: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(firstSentence((error as Error).message), help);
  }
}

/**
 * Returns the origin of the service that a command calls.
 * @param given the option --url; undefined for the service on this machine with these settings
 * @throws UsageError
 */
export function originOf(
  given: string | undefined,
  { host, port }: Pick<Config, 'host' | 'port'>,
  help: string,
): string {
  if (given === undefined) {
    const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  }
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol) || given.replace(/\/$/, '') !== url.origin) {
    throw new UsageError('--url must be an origin such as https://kms.example.com', help);
  }
  return url.origin;
}

/** The first sentence of an error message of parseArgs, without its advice. */
function firstSentence(message: string): string {
  const [, option] = /^Option '(--[\w-]+)(?:' argument is ambiguous| <value>' argument missing)/.exec(message) ?? [];
  return option ? `${option} needs a value` : (message.split(/[.\n]/)[0] ?? message);
}
