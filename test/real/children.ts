/** Programs that this run starts: each in a process group of its own, so that all that it starts ends with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  /** null when a signal ended it, or it could not be started */
  code: number | null;
  /** What it printed, where it was to be kept; the end of it where that is long. */
  output: string;
}

const OUTPUT_CHARS_MAX = 8_000;

export class Children {
  readonly #groups = new Set<number>();
  #isPastDeadline = false;

  /**
   * Runs a program to its end.
   * @param isShown prints what it prints, instead of keeping it
   */
  async run(
    command: string,
    args: readonly string[],
    { env = process.env, isShown = false }: { env?: NodeJS.ProcessEnv; isShown?: boolean } = {},
  ): Promise<Ended> {
    if (this.#isPastDeadline) return { code: null, output: '' };
    const stdio = isShown ? 'inherit' : 'pipe';
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', stdio, stdio] });
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

  /** Ends all that runs, and whatever they have started; nothing is started after that. */
  endAll(): void {
    this.#isPastDeadline = true;
    for (const group of this.#groups) this.#end(group);
  }

  #end(group: number): void {
    this.#groups.delete(group);
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
