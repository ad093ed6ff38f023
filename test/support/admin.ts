/** Runs admin commands in this process. */
import { parseConfig } from '../../lib/config.ts';
import { runAdmin } from '../../local/admin/run.ts';

/** @param settings returns the settings of the commands; it is called for each of them */
export function adminCommands(settings: () => Record<string, string>) {
  const run = (...args: string[]) => runAdmin(args, () => parseConfig(settings()));
  return {
    run,
    /** @returns what the command prints with --json @throws for a command that fails */
    async runJson(...args: string[]) {
      const { code, out, err } = await run(...args, '--json');
      if (code !== 0) throw new Error(err);
      return JSON.parse(out);
    },
  };
}
