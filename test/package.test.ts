/** What `npm run package` makes: run once here, as it stands in package.json. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readRoutes } from '../local/routes.ts';

const BUNDLE_BYTES_MAX = 150_000;
const routes = readRoutes();
const bundleOf = (handler: string) => `.esbuild/.build/${handler.replace(/\.handler$/, '.js')}`;
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  execFileSync('npm', ['run', 'package'], { env: { PATH: process.env['PATH'], HOME: home }, stdio: 'pipe' });
}, 120_000);
afterAll(() => rmSync(home, { recursive: true }));

test.each(routes)('$name is packaged alone, within the size budget', ({ name, handler }) => {
  expect(existsSync(`.serverless/${name}.zip`)).toBe(true);
  expect(statSync(bundleOf(handler)).size).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
});

test('a packaged function answers an API Gateway event on its own', () => {
  const bundle = join(home, 'list-grants.js');
  copyFileSync(bundleOf('functions/grants/list-grants.handler'), bundle);
  const script = `
    const { handler } = require(${JSON.stringify(bundle)});
    const http = { method: 'POST', path: '/v1.0/p/kms/list-grants', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
    handler({
      version: '2.0', routeKey: 'POST /v1.0/{project_id}/kms/list-grants', rawPath: http.path, rawQueryString: '',
      headers: {}, pathParameters: { project_id: 'p' }, body: '{}', isBase64Encoded: false,
      requestContext: { http, requestId: 'r' },
    }, {}).then(({ statusCode }) => console.log(statusCode));`;
  const env = { PATH: process.env['PATH'], DATA_DIR: join(home, 'data'), POWERTOOLS_LOG_LEVEL: 'SILENT' };
  expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }).trim()).toBe('401');
});
