/** What `npm run package` makes: the bundles, and the stack of each stage (test/stack/). */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testApi } from './stack/api.ts';
import { testData } from './stack/data.ts';
import { testFunctions } from './stack/functions.ts';
import { functionsOf, packageStack } from './stack/packaged.ts';
import { testRoles } from './stack/roles.ts';
import { CHANGED, testSettings } from './stack/settings.ts';

const BUNDLE_BYTES_MAX = 185_000;

/** What Lambda adds to a function's settings, and CloudFormation in the place of a Ref. */
const LAMBDA = {
  ROOT_KEY_SECRET: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:RootKey-8hLtkJVKYGYE-AbC123',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
};

// One at a time: they share the folder that bundles are made in. The last leaves .serverless as a user would have it.
const changed = packageStack('dev', CHANGED);
const prod = packageStack('prod');
const dev = packageStack('dev', {}, '.serverless');

describe.each([dev, prod])('the stack of stage $stage', (stack) => {
  testRoles(stack);
  testData(stack);
  testApi(stack);
  testFunctions(stack);
});

describe('a stack with other settings', () => testSettings(changed));

test('a throttle that is no number stops the packaging', () => {
  const why = expect.stringContaining('readsPerSecond is not a whole number above 0');
  expect(() => packageStack('dev', { readsPerSecond: 'many' })).toThrow(expect.objectContaining({ stdout: why }));
});

const bundles = functionsOf(dev).map(({ name, properties }) => ({
  name,
  file: `.esbuild/.build/${String(properties['Handler']).replace(/\.handler$/, '.js')}`,
}));

test.each(bundles)('$name is packaged alone, within the size budget, and without SQLite', ({ name, file }) => {
  expect(existsSync(`.serverless/${name}.zip`)).toBe(true);
  expect(statSync(file).size).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
  expect(readFileSync(file, 'utf8')).not.toContain('node:sqlite');
});

test.each(bundles)('$name carries all it needs: nothing is loaded but what is part of Node', ({ file }) => {
  const loaded = [...readFileSync(file, 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? '');
  expect(loaded.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
});

test('a packaged function answers an API Gateway event on its own, with the settings of the stack', () => {
  const home = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const bundle = join(home, 'list-grants.js');
  copyFileSync('.esbuild/.build/functions/grants/list-grants.js', bundle);
  const settings = functionsOf(dev)[0]?.properties['Environment'] as { Variables: Record<string, string> } | undefined;
  const script = `
    const { handler } = require(${JSON.stringify(bundle)});
    const http = { method: 'POST', path: '/v1.0/p/kms/list-grants', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
    handler({
      version: '2.0', routeKey: 'POST /v1.0/{project_id}/kms/list-grants', rawPath: http.path, rawQueryString: '',
      headers: {}, pathParameters: { project_id: 'p' }, body: '{}', isBase64Encoded: false,
      requestContext: { http, requestId: 'r' },
    }, {}).then(({ statusCode }) => console.log(statusCode));`;
  const env = { ...settings?.Variables, ...LAMBDA, PATH: process.env['PATH'] };
  try {
    expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }).trim()).toBe('401');
  } finally {
    rmSync(home, { recursive: true });
  }
});
