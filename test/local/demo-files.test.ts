import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { demoFiles, withDemoHooks } from '../../local/demo-files.ts';
import { newDataDir } from '../support/process.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = newDataDir();
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const LOCAL_TABLE = { STORE: 'dynamodb', DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' };
const AWS_TABLE = { STORE: 'dynamodb', AWS_REGION: 'eu-central-1' };
const UPSTREAM = { AUTHORITY: 'upstream', KMS_ENDPOINT: 'https://kms.example.com', KMS_CREDENTIALS: 'file:k.json' };

/** What HOOKS is after a demo was created with these settings. */
function hooksOf(settings: Record<string, string>) {
  const config = parseConfig({ DATA_DIR: dataDir, ...settings });
  writeFileSync(join(dataDir, demoFiles(config).hooks), '{}');
  return withDemoHooks(config).hooks;
}

test('without HOOKS, the chat source of the demo is used', () => {
  expect(hooksOf({})).toEqual({ kind: 'file', path: join(dataDir, 'demo-hooks.json') });
  expect(hooksOf(LOCAL_TABLE)).toEqual({
    kind: 'file',
    path: expect.stringMatching(/demo-dynamodb-\w{8}-hooks\.json$/),
  });
});

test('with HOOKS, and where there is never a demo, it is not used', () => {
  expect(hooksOf({ HOOKS: 'file:own.json' })).toEqual({ kind: 'file', path: 'own.json' });
  for (const settings of [AWS_TABLE, UPSTREAM]) expect(hooksOf(settings)).toBeUndefined();
});

test('without a demo, HOOKS stays unset', () => {
  expect(withDemoHooks(parseConfig({ DATA_DIR: dataDir })).hooks).toBeUndefined();
});
