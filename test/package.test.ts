/** What `npm run package` makes: the bundles, and the stack of each stage (test/stack/). */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testApi } from './stack/api.ts';
import { testData } from './stack/data.ts';
import { testFunctions } from './stack/functions.ts';
import { functionsOf, packageStack, type Stack } from './stack/packaged.ts';
import { testQueue } from './stack/queue.ts';
import { testRoles } from './stack/roles.ts';
import { CHANGED, testSettings } from './stack/settings.ts';

/** In front of another KMS a bundle has an HTTP client besides. Those that read or tell hooks carry all their forms. */
const BUNDLE_BYTES_MAX = { standalone: 142_000, upstream: 185_000 };
const HOOK_BYTES_MAX = {
  webhook: { standalone: 185_000, upstream: 200_000 },
  work: { standalone: 150_000, upstream: 195_000 },
  'find-lost-work': { standalone: 150_000, upstream: 195_000 },
};

/** What Lambda adds to a function's settings, and CloudFormation in the place of a Ref. */
const LAMBDA = {
  ROOT_KEY_SECRET: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:RootKey-8hLtkJVKYGYE-AbC123',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/kms-grants-dev',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
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
  testQueue(stack);
});

describe('a stack with other settings', () => testSettings(changed));

test('a throttle that is no number stops the packaging', () => {
  const why = expect.stringContaining('readsPerSecond is not a whole number above 0');
  expect(() => packageStack('dev', { readsPerSecond: 'many' })).toThrow(expect.objectContaining({ stdout: why }));
});

const bundles = [
  { authority: 'standalone' as const, bundles: dev.bundles },
  { authority: 'upstream' as const, bundles: changed.bundles },
].flatMap(({ authority, bundles }) =>
  Object.entries(bundles).map(([name, code]) => ({ authority, name, code: () => code })),
);

test('every function is packaged alone', () => {
  const names = functionsOf(dev).map(({ name }) => name);
  expect(Object.keys(dev.bundles).sort()).toEqual(names.sort());
  expect(names.filter((name) => !existsSync(`.serverless/${name}.zip`))).toEqual([]);
});

test.each(bundles)('$name, $authority, is within the size budget, and without SQLite', ({ authority, name, code }) => {
  const max = HOOK_BYTES_MAX[name as keyof typeof HOOK_BYTES_MAX] ?? BUNDLE_BYTES_MAX;
  expect(Buffer.byteLength(code())).toBeLessThanOrEqual(max[authority]);
  expect(code()).not.toContain('node:sqlite');
});

test.each(bundles)(
  '$name, $authority, carries all it needs: nothing is loaded but what is part of Node',
  ({ code }) => {
    const loaded = [...code().matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? '');
    expect(loaded.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
  },
);

test('a function carries the authority and the identity of its deployment, and not the others', () => {
  const carried = ({ bundles }: Stack) => {
    const code = bundles['list-grants'] ?? '';
    // What only they have, and minifying leaves as it is.
    const signs = {
      standalone: '.keyByAlias(',
      upstream: 'x-security-token',
      keystone: '/v3/auth/tokens',
      ky: 'HTTPError',
    };
    return Object.entries(signs).flatMap(([name, sign]) => (code.includes(sign) ? [name] : []));
  };
  expect(carried(dev)).toEqual(['standalone']);
  expect(carried(changed)).toEqual(['upstream', 'keystone', 'ky']);
});

function variablesOf(stack: Stack): Record<string, string> {
  const environment = functionsOf(stack)[0]?.properties['Environment'] as { Variables: Record<string, string> };
  return environment.Variables;
}

/** What the packaged list-grants answers and logs, in a process of its own. */
function ask({ bundles }: Stack, settings: object): { status: string | undefined; log: string } {
  const home = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const bundle = join(home, 'list-grants.js');
  writeFileSync(bundle, bundles['list-grants'] ?? '');
  const script = `
    const { handler } = require(${JSON.stringify(bundle)});
    const http = { method: 'POST', path: '/v1.0/p/kms/list-grants', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
    handler({
      version: '2.0', routeKey: 'POST /v1.0/{project_id}/kms/list-grants', rawPath: http.path, rawQueryString: '',
      headers: {}, pathParameters: { project_id: 'p' }, body: '{}', isBase64Encoded: false,
      requestContext: { http, requestId: 'r' },
    }, {}).then(({ statusCode }) => console.log(statusCode));`;
  const env = { ...settings, ...LAMBDA, PATH: process.env['PATH'] };
  try {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
    return { status: stdout.trim().split('\n').at(-1), log: stdout + stderr };
  } finally {
    rmSync(home, { recursive: true });
  }
}

test.each([dev, changed])(
  'a packaged function answers an API Gateway event on its own, with the settings of the stack',
  (stack) => {
    expect(ask(stack, variablesOf(stack)).status).toBe('401');
  },
);

test.each([
  [
    'AUTHORITY',
    dev,
    {
      AUTHORITY: 'upstream',
      KMS_ENDPOINT: 'https://kms.example.com',
      KMS_CREDENTIALS: 'env',
      KMS_ACCESS_KEY: 'a',
      KMS_SECRET_KEY: 's',
    },
    'deploy again with the param authority=upstream',
  ],
  [
    'AUTHORITY',
    changed,
    { AUTHORITY: 'standalone', KMS_ENDPOINT: '' },
    'deploy again with the param authority=standalone',
  ],
  [
    'IDENTITY',
    dev,
    { IDENTITY: 'keystone', IAM_ENDPOINT: 'https://iam.example.com' },
    'deploy again with the param identity=keystone',
  ],
  ['IDENTITY', changed, { IDENTITY: 'directory', IAM_ENDPOINT: '' }, 'deploy again with the param identity=directory'],
])(
  'a function whose %s was changed beside its package refuses, and its log says what to do',
  (_name, stack, settings, told) => {
    const { status, log } = ask(stack, { ...variablesOf(stack), ...settings });
    expect(status).toBe('500');
    expect(log).toContain(told);
  },
);
