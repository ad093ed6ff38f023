/** Starts and stops the keeper process, which runs DynamoDB Local for one run of jest. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

let keeper: ChildProcess | undefined;

/** @returns the endpoint of DynamoDB Local, once it accepts requests */
export async function startKeeper(): Promise<string> {
  // Detached: Ctrl-C reaches only jest, which stops the keeper in its teardown.
  const started = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  keeper = started;
  let output = '';
  for await (const chunk of started.stdout) {
    output += chunk;
    if (output.endsWith('\n')) break;
  }
  const { endpoint, problem } = JSON.parse(output || '{"problem":"The keeper of DynamoDB Local ended."}');
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

/** Jest prints the stack of an error; the reader of this one needs only the message. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = `\n${message}\n`;
  return error;
}
