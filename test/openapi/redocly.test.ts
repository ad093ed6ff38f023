/** The OpenAPI document as a linter of another project sees it. Also tests: openapi/build.ts, openapi/print.ts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildOpenapi } from '../../openapi/build.ts';
import { openapiDocument } from '../../openapi/document.ts';

/** Redocly reports its use and looks for updates otherwise. */
const OFFLINE = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

test('Redocly CLI finds no error and no warning in the document', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-openapi-'));
  const path = await buildOpenapi(folder);
  const args = ['node_modules/.bin/redocly', 'lint', path, '--config', 'redocly.yaml', '--format', 'json'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...OFFLINE } });
  rmSync(folder, { recursive: true });
  const { totals, problems } = JSON.parse(stdout);
  expect(problems).toEqual([]);
  expect(totals).toMatchObject({ errors: 0, warnings: 0 });
});

test('npm run openapi prints the document', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [command, file = ''] = scripts.openapi.split(' ');
  const { stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(command).toBe('node');
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await openapiDocument())));
});
