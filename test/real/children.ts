/** Runs programs, each in its own process group, so that its child processes can be killed with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

interface ProgramResult {
  /** The exit code; null if the program was killed by a signal or could not be started. */
  code: number | null;
  /** The last OUTPUT_CHARS_MAX characters that it printed; empty with `isShown`. */
  output: string;
}

/** For a server that a test starts. It takes seconds, and much longer on a busy machine. */
export const START_TIMEOUT_MS = 120_000;

const OUTPUT_CHARS_MAX = 60_000;

export class Children {
  readonly #groups = new Set<number>();
  #isEnded = false;

  /**
   * Runs a program and waits for its end. After `endAll` it starts nothing.
   * @param isShown whether the program prints to this process's output instead of being recorded
   */
  async run(
    command: string,
    args: readonly string[],
    { env = process.env, isShown = false, cwd }: { env?: NodeJS.ProcessEnv; isShown?: boolean; cwd?: string } = {},
  ): Promise<ProgramResult> {
    if (this.#isEnded) return { code: null, output: '' };
    const stdio = isShown ? 'inherit' : 'pipe';
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', stdio, stdio] });
    const { pid } = child;
    if (pid === undefined) {
      const [error] = await once(child, 'error');
      return { code: null, output: String(error) };
    }
    this.#groups.add(pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
      });
    }
    const isClosed = once(child, 'close');
    const [code] = await once(child, 'exit');
    this.#end(pid);
    await isClosed;
    return { code, output };
  }

  /** Kills all running programs with their child processes. No program is started afterwards. */
  endAll(): void {
    this.#isEnded = true;
    for (const group of this.#groups) this.#end(group);
  }

  #end(group: number): void {
    this.#groups.delete(group);
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // The process group has ended already.
    }
  }
}
