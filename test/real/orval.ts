/** Installs orval, which makes a client from an OpenAPI document, in a folder that later runs use again. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Children } from './children.ts';
import { CannotInstall } from './python.ts';

/** The environment variable in which `run.ts` passes the path of orval's program. */
export const ORVAL_VARIABLE = 'ORVAL_PROGRAM';

/** It is no development package of the project, because it brings 60 MB of other packages. */
const VERSION = '8.38.0';

const INSTALLED = resolve(`node_modules/.cache/orval-${VERSION}`);

/** @returns the path of its program @throws CannotInstall */
export async function installOrval(children: Children): Promise<string> {
  if (!existsSync(INSTALLED)) {
    console.log('Installing orval (later runs use this installation) ...');
    mkdirSync(resolve('node_modules/.cache'), { recursive: true });
    const temporary = mkdtempSync(`${INSTALLED}.`);
    writeFileSync(join(temporary, 'package.json'), '{"private":true}');
    const args = ['install', '--prefix', temporary, '--no-audit', '--no-fund', '--ignore-scripts', `orval@${VERSION}`];
    const { code, output } = await children.run('npm', args);
    if (code !== 0) throw new CannotInstall(`orval could not be installed:\n${output.trim()}`);
    renameSync(temporary, INSTALLED);
    rmSync(temporary, { recursive: true, force: true });
  }
  return join(INSTALLED, 'node_modules/.bin/orval');
}
