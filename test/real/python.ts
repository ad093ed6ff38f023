/** Installs packages with pip in a virtual environment, which later runs use again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Children } from './children.ts';

const CACHE = resolve('node_modules/.cache');

/** Fails if Python is too old for Keystone, or lacks the modules for virtual environments. */
const PROBE =
  'import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version; print(sys.prefix, sys.version)';

const NEEDED = [
  'Keystone and errbot, which these tests run against, need Python 3.11 or newer, with venv, as "python3".',
  '  Debian, Ubuntu: apt-get install python3 python3-venv',
  '  macOS: brew install python',
].join('\n');

/** Packages that are installed together, apart from those of others: their versions differ. */
interface Packages {
  name: string;
  requirements: string;
}

/** With the libraries of Slack and Feishu. */
export const KEYSTONE: Packages = { name: 'keystone', requirements: resolve('test/real/requirements.txt') };
export const ERRBOT: Packages = { name: 'errbot', requirements: resolve('test/real/requirements-errbot.txt') };
export const SCHEMATHESIS: Packages = {
  name: 'schemathesis',
  requirements: resolve('test/real/requirements-schemathesis.txt'),
};

export const SCIM: Packages = { name: 'scim', requirements: resolve('test/real/requirements-scim.txt') };

/** Packages cannot be installed on this machine. The message says what is missing. */
export class CannotInstall extends Error {}

/** Returns the version and location of `python3`. @throws CannotInstall if it cannot run the packages */
export async function findPython(children: Children): Promise<string> {
  const { code, output } = await children.run('python3', ['-c', PROBE]);
  if (code !== 0) throw new CannotInstall(`${NEEDED}\nThe check of "python3" failed with:\n${output.trim()}`);
  return output;
}

/**
 * Installs the packages, unless an earlier run has done so with the same Python and requirements.
 * @param python the result of findPython
 * @returns the path of the Python in which they are installed
 * @throws CannotInstall
 */
export async function installPackages(children: Children, python: string, packages: Packages): Promise<string> {
  const { name, requirements } = packages;
  const hash = createHash('sha256').update(python).update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const installed = join(CACHE, `${name}-${hash}`);
  if (!existsSync(installed)) {
    console.log(`Installing ${name} (about a minute; later runs use this installation) ...`);
    mkdirSync(CACHE, { recursive: true });
    const temporary = mkdtempSync(`${installed}.`);
    try {
      await install(children, temporary, packages);
      moveUnlessExists(temporary, installed);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  return pythonOf(installed);
}

const pythonOf = (folder: string) => join(folder, 'bin', 'python');

async function install(children: Children, folder: string, { name, requirements }: Packages): Promise<void> {
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
  // Only the packages of the list; `pip check` fails if a dependency is missing from it.
  const packages = [...pip, 'install', '--quiet', '--no-deps', '-r', requirements];
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [pythonOf(folder), packages],
    [pythonOf(folder), [...pip, 'check']],
  ];
  for (const [command, args] of steps) {
    const { code, output } = await children.run(command, args);
    if (code !== 0) throw new CannotInstall(`${name} could not be installed: ${args.join(' ')}\n${output.trim()}`);
  }
}

/** Moves the environment to its final place. It still works there, because its Python is called by path. */
function moveUnlessExists(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another run has installed it meanwhile.
    if (!existsSync(to)) throw error;
  }
}
