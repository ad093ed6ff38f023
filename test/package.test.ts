/**
 * `npm run package`: the bundles, and the template of each stage (test/stack/).
 * Also tests: lib/services.ts, lib/stubs.ts, functions/hooks/work.ts.
 */
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

/**
 * 2 % above the sizes of this version; 150 KB for the functions `webhook`, `notification` and `ssf`. With an upstream,
 * others also contain an HTTP client. `chat` and `work` contain all platforms, `chat` also the commands and all
 * wordings.
 */
const BUNDLE_BYTES_MAX = { standalone: 170_100, upstream: 217_500 };
/** They check all sources in HOOKS, so they contain all adapters and platforms. */
const MAPPING_BYTES_MAX = { standalone: 297_000, upstream: 315_000 };
/** They contain the website, compressed. */
const WEBSITE_BYTES_MAX = {
  console: { standalone: 390_000, upstream: 390_000 },
  docs: { standalone: 660_000, upstream: 660_000 },
};
const OTHER_BYTES_MAX = {
  ...WEBSITE_BYTES_MAX,
  webhook: { standalone: 150_000, upstream: 150_000 },
  notification: { standalone: 150_000, upstream: 150_000 },
  ssf: { standalone: 150_000, upstream: 150_000 },
  chat: { standalone: 322_800, upstream: 340_800 },
  work: { standalone: 281_700, upstream: 299_200 },
  'list-sources': MAPPING_BYTES_MAX,
  'list-mappings': MAPPING_BYTES_MAX,
  'create-mapping': MAPPING_BYTES_MAX,
  'delete-mapping': MAPPING_BYTES_MAX,
  'list-provisioned-users': MAPPING_BYTES_MAX,
  'update-provisioned-user': MAPPING_BYTES_MAX,
};

/** Settings that Lambda adds, and values that CloudFormation resolves. */
const LAMBDA = {
  ROOT_KEY_SECRET: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:RootKey-8hLtkJVKYGYE-AbC123',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/kms-grants-dev',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
};

// One after the other, because they share the build folder. The last one leaves .serverless as for a user.
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

test('a throttle that is not a number stops the packaging', () => {
  const stdout = expect.stringContaining('readsPerSecond must be a whole number above 0');
  expect(() => packageStack('dev', { readsPerSecond: 'many' })).toThrow(expect.objectContaining({ stdout }));
});

test('a CORS origin of * stops the packaging', () => {
  const stdout = expect.stringContaining('corsOrigins must be none, or origins such as https://app.example.com');
  expect(() => packageStack('dev', { corsOrigins: '*' })).toThrow(expect.objectContaining({ stdout }));
});

test('the packaging of prod warns that nobody gets alarms, unless alarmTopics is set', () => {
  expect(prod.messages).toContain('prod has no alarmTopics');
  expect(dev.messages).not.toContain('alarmTopics');
});

const bundles = [
  { authority: 'standalone' as const, bundles: dev.bundles },
  { authority: 'upstream' as const, bundles: changed.bundles },
].flatMap(({ authority, bundles }) =>
  Object.entries(bundles).map(([name, code]) => ({ authority, name, code: () => code })),
);

test('every function has a package of its own', () => {
  const names = functionsOf(dev).map(({ name }) => name);
  expect(Object.keys(dev.bundles).sort()).toEqual(names.sort());
  expect(names.filter((name) => !existsSync(`.serverless/${name}.zip`))).toEqual([]);
});

test.each(bundles)(
  'the bundle of $name, $authority, is within the size budget and does not use SQLite',
  ({ authority, name, code }) => {
    const max = OTHER_BYTES_MAX[name as keyof typeof OTHER_BYTES_MAX] ?? BUNDLE_BYTES_MAX;
    expect(Buffer.byteLength(code())).toBeLessThanOrEqual(max[authority]);
    expect(code()).not.toContain('node:sqlite');
  },
);

test.each(bundles)('the bundle of $name, $authority, loads no modules except those of Node', ({ code }) => {
  const loaded = [...code().matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? '');
  expect(loaded.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
});

test('a bundle contains only the authority and the identity of its deployment', () => {
  const contentsOf = ({ bundles }: Stack) => {
    const code = bundles['list-grants'] ?? '';
    // Texts that only these modules have and that minification does not change.
    const markers = {
      standalone: '.keyByAlias(',
      upstream: 'x-security-token',
      keystone: '/v3/auth/tokens',
      ky: 'HTTPError',
    };
    return Object.entries(markers).flatMap(([name, marker]) => (code.includes(marker) ? [name] : []));
  };
  expect(contentsOf(dev)).toEqual(['standalone']);
  expect(contentsOf(changed)).toEqual(['upstream', 'keystone', 'ky']);
});

test('a bundle contains the platforms of chat or the kinds of webhook sources, not both', () => {
  const markers = {
    commands: 'chat delivery',
    platforms: 'x-slack-signature',
    webhooks: 'github-public-key-identifier',
  };
  const contentsOf = (name: string) =>
    Object.entries(markers).flatMap(([part, marker]) => (dev.bundles[name]?.includes(marker) ? [part] : []));
  expect(['chat', 'webhook', 'list-grants'].map(contentsOf)).toEqual([['commands', 'platforms'], ['webhooks'], []]);
});

function variablesOf(stack: Stack): Record<string, string> {
  const environment = functionsOf(stack)[0]?.properties['Environment'] as { Variables: Record<string, string> };
  return environment.Variables;
}

/** Calls the packaged list-grants in a process of its own. @returns the status of its reply, and its output */
function callListGrants({ bundles }: Stack, settings: object): { status: string | undefined; log: string } {
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
  'a packaged function replies to an API Gateway event, with the settings of the stack',
  (stack) => {
    expect(callListGrants(stack, variablesOf(stack)).status).toBe('401');
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
    'Deploy again with --param=authority=upstream',
  ],
  [
    'AUTHORITY',
    changed,
    { AUTHORITY: 'standalone', KMS_ENDPOINT: '' },
    'Deploy again with --param=authority=standalone',
  ],
  [
    'IDENTITY',
    dev,
    { IDENTITY: 'keystone', IAM_ENDPOINT: 'https://iam.example.com' },
    'Deploy again with --param=identity=keystone',
  ],
  ['IDENTITY', changed, { IDENTITY: 'directory', IAM_ENDPOINT: '' }, 'Deploy again with --param=identity=directory'],
])(
  'a function whose %s does not fit its bundle replies with 500, and its log says what to do',
  (_name, stack, settings, message) => {
    const { status, log } = callListGrants(stack, { ...variablesOf(stack), ...settings });
    expect(status).toBe('500');
    expect(log).toContain(message);
  },
);
