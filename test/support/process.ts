/** The service as a process, started as `npm start` starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Demo } from '../../local/demo.ts';

/** The environment of a child process. Node caches compiled code, which makes later starts twice as fast. */
export const CHILD_ENV = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/compiled-tests'),
};

export interface ServiceProcess {
  url: string;
  child: ChildProcess;
  /** @returns everything that it has printed so far */
  output(): string;
  demo(): Demo;
  /** Sends the signal and waits for the process to exit. @returns the exit code, null when killed */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
}

/** Starts the service on a free port and waits until it listens. */
export async function startProcess(
  dataDir: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, ['local/start.ts', ...args], {
    env: { ...CHILD_ENV, PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isListening = false;
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      if (isListening) return;
      const address = /kms-grants listens on (\S+)/.exec(output)?.[1];
      if (!address) return;
      isListening = true;
      resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the service exited with ${code}:\n${output}`)));
  });
  return {
    url,
    child,
    output: () => output,
    demo() {
      const file = env['STORE'] === 'dynamodb' ? /^demo-dynamodb-\w+\.json$/ : /^demo\.json$/;
      const name = readdirSync(dataDir).find((each) => file.test(each)) ?? 'demo.json';
      return JSON.parse(readFileSync(join(dataDir, name), 'utf8')) as Demo;
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}
