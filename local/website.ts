import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canBuild, isBuilt } from './build.js';

const BUILD = fileURLToPath(new URL('build.js', import.meta.url));

/** Builds the console and the pages of the API if they are missing or older than their sources. Takes a few seconds. */
export function ensureWebsite(): void {
  if (isBuilt() || !canBuild()) return;
  console.error('Building the console and the description of the API …');
  const { status } = spawnSync(process.execPath, [BUILD], { stdio: ['ignore', process.stderr, process.stderr] });
  // The service itself does not need them.
  if (status !== 0) console.error('The console and /docs could not be built. Run: npm run build');
}
