/** The keeper of this jest run, from its global set-up to its tear-down. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

let keeper: ChildProcess | undefined;

/** @returns the endpoint of a DynamoDB Local that has begun to answer */
export async function startKeeper(): Promise<string> {
  // Detached: Ctrl-C goes to jest alone, which then ends the keeper in its own time.
  const started = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  keeper = started;
  let said = '';
  for await (const chunk of started.stdout) {
    said += chunk;
    if (said.endsWith('\n')) break;
  }
  const { endpoint, problem } = JSON.parse(said || '{"problem":"The keeper of DynamoDB Local ended."}');
  if (!endpoint) throw withoutStack(problem);
  started.unref();
  return endpoint;
}

export async function stopKeeper(): Promise<void> {
  if (!keeper || keeper.exitCode !== null || keeper.signalCode !== null) return;
  const ended = once(keeper, 'exit');
  keeper.ref();
  keeper.stdin?.end();
  await ended;
  keeper = undefined;
}

/** Jest prints an error's stack; this one's reader needs the message only. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = `\n${message}\n`;
  return error;
}
