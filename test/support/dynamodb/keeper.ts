/**
 * A process that starts DynamoDB Local, prints its endpoint as one line of JSON, and ends it when standard input ends.
 * Jest holds the other end of that pipe: the system closes it however jest ends, even when jest is killed.
 */
import { CannotStart, startDynamodb } from './java.ts';

const stop = new AbortController();
process.stdin.resume().once('close', () => stop.abort());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
// Jest may have ended before the line is written; java must end in this case too.
process.stdout.on('error', () => stop.abort());
process.stderr.on('error', () => stop.abort());

const print = (line: { endpoint: string } | { problem: string }) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const { endpoint, ended } = await startDynamodb(stop.signal);
  print({ endpoint });
  const output = await ended;
  if (!stop.signal.aborted) console.error(`DynamoDB Local ended while tests ran. Its output:\n${output}`);
  process.exitCode = stop.signal.aborted ? 0 : 1;
} catch (error) {
  if (!stop.signal.aborted) print({ problem: error instanceof CannotStart ? error.message : String(error) });
  process.exitCode = 1;
}
process.stdin.destroy();
