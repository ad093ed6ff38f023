/** The processes of one test file behind one clock, in a folder of their own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../lib/config.ts';
import type { Login } from '../../../lib/identity/tokens.ts';
import type { Services } from '../../../lib/services.ts';
import { openServices } from '../../../local/open-services.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../process.ts';
import { clockFile } from './clock-file.ts';

export interface Processes {
  clock: { nowMs: number };
  /** A data folder with this name; any number of processes may share it. */
  dirOf(name: string): string;
  start(name: string, args: string[], env: Record<string, string>): Promise<ServiceProcess>;
  /** What a process has in its data folder, opened here beside it, as the admin command does. */
  open(name: string, env?: Record<string, string>): Promise<Services>;
  /** Ends all and leaves nothing behind. A process that does not end well fails the test. */
  stop(): Promise<void>;
}

/** Runs `arrange`; when it fails, nothing of what it has started is left. */
export async function withProcesses<T>(arrange: (processes: Processes) => Promise<T>): Promise<T> {
  const processes = newProcesses();
  try {
    return await arrange(processes);
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

function newProcesses(): Processes {
  const folder = newDataDir();
  const { clock, env: clockEnv, close } = clockFile(join(folder, 'clock'));
  const running: [string, ServiceProcess][] = [];
  const opened: Services[] = [];
  const dirOf = (name: string) => join(folder, name);
  return {
    clock,
    dirOf,
    async start(name, args, env) {
      const started = await startProcess(dirOf(name), args, { ...clockEnv, ...env });
      running.unshift([name, started]);
      return started;
    },
    async open(name, env = {}) {
      const services = await openServices(parseConfig({ ...env, DATA_DIR: dirOf(name) }), { now: () => clock.nowMs });
      opened.push(services);
      return services;
    },
    async stop() {
      for (const { store } of opened) await store.close();
      const ends: string[] = [];
      for (const [name, one] of running) {
        if ((await one.stop()) !== 0) ends.push(`the ${name} ended with ${one.child.exitCode}:\n${one.output()}`);
      }
      close();
      rmSync(folder, { recursive: true });
      if (ends.length > 0) throw new Error(ends.join('\n'));
    },
  };
}

/** POST /v3/auth/tokens. Source: IAM API reference, "Obtaining a User Token Through Password Authentication". */
export async function loginAt(url: string, { user, password, project }: Login): Promise<string> {
  const identity = { methods: ['password'], password: { user: { ...user, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project } } });
  const response = await fetch(`${url}/v3/auth/tokens`, { method: 'POST', body });
  const token = response.headers.get('x-subject-token');
  if (!token) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return token;
}
