/**
 * A process that starts DynamoDB Local, prints one line about it, and ends it when its own input ends.
 * The other end of that pipe is jest: however jest ends, even killed, the system closes the pipe.
 */
import { CannotStart, startDynamodb } from './java.ts';

const stop = new AbortController();
process.stdin.resume().once('close', () => stop.abort());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
// Jest may be gone when the line is written; java must be ended all the same.
process.stdout.on('error', () => stop.abort());
process.stderr.on('error', () => stop.abort());

const say = (line: { endpoint: string } | { problem: string }) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const { endpoint, ended } = await startDynamodb(stop.signal);
  say({ endpoint });
  const output = await ended;
  if (!stop.signal.aborted) console.error(`DynamoDB Local ended while tests ran. It said:\n${output}`);
  process.exitCode = stop.signal.aborted ? 0 : 1;
} catch (error) {
  if (!stop.signal.aborted) say({ problem: error instanceof CannotStart ? error.message : String(error) });
  process.exitCode = 1;
}
process.stdin.destroy();
