/** Keystone as pip installs it, in a virtual environment that later runs find again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Children } from './children.ts';

const REQUIREMENTS = resolve('test/real/requirements.txt');
const CACHE = resolve('node_modules/.cache');

/** Fails where Python is too old for this Keystone, or comes without what makes virtual environments. */
const PROBE =
  'import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version; print(sys.prefix, sys.version)';

const NEEDED = [
  'Keystone, which these tests check tokens against, needs Python 3.11 or newer, with venv, as "python3".',
  '  Debian, Ubuntu: apt-get install python3 python3-venv',
  '  macOS: brew install python',
].join('\n');

/** Keystone cannot be had here. The message is for the person who started the tests. */
export class CannotInstall extends Error {}

/** @throws CannotInstall that says what is missing */
export async function findPython(children: Children): Promise<string> {
  const { code, output } = await children.run('python3', ['-c', PROBE]);
  if (code !== 0) throw new CannotInstall(`${NEEDED}\nAsked for it, "python3" said:\n${output.trim()}`);
  return output;
}

/**
 * @param python what findPython answered: the installation belongs to it
 * @returns the path of the python that has Keystone
 * @throws CannotInstall
 */
export async function installKeystone(children: Children, python: string): Promise<string> {
  const hash = createHash('sha256').update(python).update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const installed = join(CACHE, `keystone-${hash}`);
  if (!existsSync(installed)) {
    console.log('Installs Keystone (about a minute; later runs find it) ...');
    mkdirSync(CACHE, { recursive: true });
    const making = mkdtempSync(`${installed}.`);
    try {
      await install(children, making);
      takePlace(making, installed);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return pythonOf(installed);
}

const pythonOf = (folder: string) => join(folder, 'bin', 'python');

async function install(children: Children, folder: string): Promise<void> {
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
  // Nothing but what the list names; the check tells whether the list is whole.
  const packages = [...pip, 'install', '--quiet', '--no-deps', '-r', REQUIREMENTS];
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [pythonOf(folder), packages],
    [pythonOf(folder), [...pip, 'check']],
  ];
  for (const [command, args] of steps) {
    const { code, output } = await children.run(command, args);
    if (code !== 0) throw new CannotInstall(`Keystone could not be installed: ${args.join(' ')}\n${output.trim()}`);
  }
}

/** An environment may be moved as long as its python is called by its path. */
function takePlace(made: string, place: string): void {
  try {
    renameSync(made, place);
  } catch (error) {
    // Another run was first.
    if (!existsSync(place)) throw error;
  }
}
