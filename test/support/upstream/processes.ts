/** The service processes of one test file, which share a clock and a temporary folder. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../lib/config.ts';
import type { Login } from '../../../lib/identity/tokens.ts';
import type { Services } from '../../../lib/services.ts';
import { openServices } from '../../../local/open-services.ts';
import { useRealCost } from '../cheap-passwords.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../process.ts';
import { createClockFile } from './clock-file.ts';

interface Processes {
  clock: { nowMs: number };
  /** @returns the data folder of this name; several processes may share it */
  dataDirOf(name: string): string;
  start(name: string, args: string[], env: Record<string, string>): Promise<ServiceProcess>;
  /** Opens the store in a process's data folder from this process, as the admin command does. */
  openServicesOf(name: string, env?: Record<string, string>): Promise<Services>;
  /**
   * Ends all processes and removes their folder.
   * @throws when a process did not exit with 0, with its output
   */
  stop(): Promise<void>;
}

/** Runs `arrange`. When it fails, stops what it has started. */
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
  useRealCost();
  const folder = newDataDir();
  const { clock, env: clockEnv, close } = createClockFile(join(folder, 'clock'));
  const running: { name: string; process: ServiceProcess }[] = [];
  const openStores: Services['store'][] = [];
  const dataDirOf = (name: string) => join(folder, name);
  return {
    clock,
    dataDirOf,
    async start(name, args, env) {
      const process = await startProcess(dataDirOf(name), args, { ...clockEnv, ...env });
      // The last one started is the first one stopped.
      running.unshift({ name, process });
      return process;
    },
    async openServicesOf(name, env = {}) {
      const config = parseConfig({ ...env, DATA_DIR: dataDirOf(name) });
      const services = await openServices(config, { now: () => clock.nowMs });
      openStores.push(services.store);
      return services;
    },
    async stop() {
      for (const store of openStores) await store.close();
      const failures: string[] = [];
      for (const { name, process } of running) {
        const code = await process.stop();
        if (code !== 0) failures.push(`the ${name} exited with ${code}:\n${process.output()}`);
      }
      close();
      rmSync(folder, { recursive: true });
      if (failures.length > 0) throw new Error(failures.join('\n'));
    },
  };
}

/**
 * POST /v3/auth/tokens. Source: IAM API reference, "Obtaining a User Token Through Password Authentication".
 * @returns the token
 */
export async function logIn(url: string, { user, password, project }: Login): Promise<string> {
  const identity = { methods: ['password'], password: { user: { ...user, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project } } });
  const response = await fetch(`${url}/v3/auth/tokens`, { method: 'POST', body });
  const token = response.headers.get('x-subject-token');
  if (!token) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return token;
}
