/** The OpenAPI document as a linter of another project sees it. Also tests: openapi/documentation.ts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openapiDocument } from '../../openapi/document.ts';
import { documentationFiles } from '../../openapi/documentation.ts';

/** Redocly reports its use and looks for updates otherwise. */
const OFFLINE = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

test('Redocly CLI finds no error and no warning in the document', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-openapi-'));
  const path = join(folder, 'openapi.json');
  const file = (await documentationFiles()).find((one) => one.path === '/openapi.json');
  writeFileSync(path, file?.content ?? '');
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
