/** The browser of the tests: Debian's chromium, or the one that CHROMIUM names. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Returns the path of the browser.
 * @throws if there is none, with the command that installs it
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['CHROMIUM'];
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter)];
  const candidates = chosen ? [chosen] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (found) return found;
  throw new Error(
    chosen
      ? `CHROMIUM names ${chosen}, which is not an executable file.`
      : 'There is no chromium. Install it: apt-get install chromium fonts-noto-cjk. Or set CHROMIUM to its path.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium refuses to run as root with its sandbox, as in containers of CI.
    chromiumSandbox: process.getuid?.() !== 0,
    // Software rendering is the same on every machine, and there may be no /dev/shm to speak of.
    args: ['--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
}
