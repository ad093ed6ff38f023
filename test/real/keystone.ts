/** Starts a Keystone for one test file: a process on loopback, over SQLite. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATABASE, TEMPLATE_VARIABLE, type Template, writeConfiguration } from './bootstrap.ts';
import { START_TIMEOUT_MS } from './children.ts';
import { passedByRun } from './passed-by-run.ts';

const SERVE = 'test/real/serve.py';
const OUTPUT_CHARS_MAX = 8_000;

export interface Keystone {
  url: string;
  adminPassword: string;
  /** Number of token validations that it has received. */
  lookups(): number;
  /** Kills the process; its data remains. */
  stop(): Promise<void>;
  /** Starts it again at the same address if it is not running. */
  start(): Promise<void>;
  /** Suspends the process: it accepts connections and does not respond. */
  suspend(): void;
  resume(): void;
  /** Kills the process and deletes its data. */
  remove(): Promise<void>;
}

interface Running {
  child: ChildProcess;
  port: number;
}

/** @param tokenSeconds lifetime of its tokens */
export async function startKeystone({ tokenSeconds }: { tokenSeconds?: number } = {}): Promise<Keystone> {
  const template = JSON.parse(passedByRun(TEMPLATE_VARIABLE)) as Template;
  const folder = mkdtempSync(join(tmpdir(), 'keystone-'));
  copyFileSync(join(template.folder, DATABASE), join(folder, DATABASE));
  writeConfiguration(folder, tokenSeconds);
  let lookups = 0;
  const serve = (port: number) =>
    startProcess(template.python, folder, port, (line) => {
      if (/^request GET \/v3\/auth\/tokens\b/.test(line)) lookups += 1;
    });
  let running = await serve(0);
  const hasEnded = () => running.child.exitCode !== null || running.child.signalCode !== null;
  const stop = async () => {
    if (hasEnded()) return;
    const ended = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await ended;
  };
  const { port } = running;
  return {
    url: `http://127.0.0.1:${port}`,
    adminPassword: template.adminPassword,
    lookups: () => lookups,
    stop,
    async start() {
      if (hasEnded()) running = await serve(port);
    },
    suspend: () => running.child.kill('SIGSTOP'),
    resume: () => running.child.kill('SIGCONT'),
    async remove() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Starts a Keystone process and waits until it listens.
 * @param port 0 for a port that the system picks
 * @param onLine is called with every line of its output
 */
function startProcess(python: string, folder: string, port: number, onLine: (line: string) => void): Promise<Running> {
  const child = spawn(python, ['-W', 'ignore', SERVE, String(port)], {
    env: { PATH: process.env['PATH'], OS_KEYSTONE_CONFIG_DIR: folder },
    // serve.py exits when its standard input ends, so Keystone also ends when this process is killed.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Ends a Keystone that does not start, which would keep the test process alive.
  const timeout = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  return new Promise<Running>((resolve, reject) => {
    let output = '';
    let rest = '';
    child.stderr.on('data', (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
    });
    child.stdout.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [, listens] = /^listens on (\d+)$/.exec(line) ?? [];
        if (listens) resolve({ child, port: Number(listens) });
        onLine(line);
      }
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Keystone ended with ${code}:\n${output}`)));
  }).finally(() => clearTimeout(timeout));
}
