/** A real errbot with the plugin of docs/chat-ops/errbot, on its text backend, where a person types commands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { START_TIMEOUT_MS } from './children.ts';
import { passedByRun } from './passed-by-run.ts';

/** The environment variable in which `run.ts` passes the path of the Python in which errbot is installed. */
export const ERRBOT_VARIABLE = 'ERRBOT_PYTHON';

const START = 'from errbot.cli import main; main()';
const PLUGINS = resolve('docs/chat-ops/errbot');

export interface Errbot {
  /** Types a line, and waits until the bot has answered. @returns what it printed */
  say(line: string, answer: RegExp): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts errbot, and waits until it takes commands.
 * @param person as errbot identifies the one who types
 */
export async function startErrbot(person: string, env: { KMS_GRANTS_URL: string; KMS_GRANTS_SECRET: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-errbot-'));
  mkdirSync(join(folder, 'data'));
  const configuration = {
    BACKEND: 'Text',
    STORAGE: 'Memory',
    BOT_DATA_DIR: join(folder, 'data'),
    BOT_EXTRA_PLUGIN_DIR: PLUGINS,
    BOT_LOG_FILE: '',
    BOT_ADMINS: [person],
    CORE_PLUGINS: [],
    TEXT_COLOR_THEME: 'nocolor',
  };
  const file = join(folder, 'config.py');
  const lines = Object.entries(configuration).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(file, `${lines.join('\n')}\nBOT_LOG_LEVEL = 40\n`);
  const child = spawn(passedByRun(ERRBOT_VARIABLE), ['-c', START, '-c', file], {
    env: { ...env, PATH: process.env['PATH'], PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => undefined);
  child.once('exit', (code) => reject(new Error(`errbot exited with ${code}:\n${output}`)));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const printed = async (pattern: RegExp) => {
    while (!pattern.test(output)) await Promise.race([once(child.stdout, 'data'), ended]);
  };
  const bot: Errbot = {
    async say(line, answer) {
      output = '';
      child.stdin.write(`${line}\n`);
      await printed(answer);
      return output;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      rmSync(folder, { recursive: true });
    },
  };
  // Ends a bot that does not start, which would keep the test process alive.
  const timeout = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  await printed(/>>> \P{L}*m?$/u).finally(() => clearTimeout(timeout));
  return bot;
}
