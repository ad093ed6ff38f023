import { expect, test } from '@jest/globals';
import { ConfigError, parseConfig } from '../lib/config.ts';

const DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  dataDir: '.data',
  corsOrigins: [],
  hasConsole: true,
  trustedProxies: [],
  region: 'local-1',
  grantsPerKey: 100,
  keysPerProject: 100,
  dynamodb: undefined,
  rootKeySecret: undefined,
  upstream: undefined,
  keystone: undefined,
  projects: undefined,
  chatApprovers: [{ people: 1 }],
};

test('without any setting, parseConfig returns the defaults', () => {
  expect(parseConfig({})).toEqual(DEFAULTS);
});

test('an empty setting counts as absent', () => {
  const empty = {
    HOST: '',
    PORT: '',
    DATA_DIR: '',
    CORS_ORIGINS: '',
    TRUSTED_PROXIES: '',
    REGION: '',
    GRANTS_PER_KEY: '',
    KEYS_PER_PROJECT: '',
  };
  expect(parseConfig(empty)).toEqual(DEFAULTS);
});

test('other environment variables are ignored', () => {
  expect(parseConfig({ PATH: '/bin', port: '1', Host: 'x', KMS: undefined })).toEqual(DEFAULTS);
});

test('every basic setting can be set', () => {
  expect(
    parseConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      DATA_DIR: '/var/lib/kms-grants',
      CORS_ORIGINS: 'https://app.example.com, http://localhost:3000',
      CONSOLE: 'off',
      TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,2001:db8::/32',
      REGION: 'eu-de',
      GRANTS_PER_KEY: '1000000',
      KEYS_PER_PROJECT: '20',
    }),
  ).toEqual({
    host: '0.0.0.0',
    port: 0,
    dataDir: '/var/lib/kms-grants',
    corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
    hasConsole: false,
    trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'],
    region: 'eu-de',
    grantsPerKey: 1_000_000,
    keysPerProject: 20,
    dynamodb: undefined,
    rootKeySecret: undefined,
    upstream: undefined,
    keystone: undefined,
    projects: undefined,
    chatApprovers: [{ people: 1 }],
  });
});

const AWS = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };

test('STORE=dynamodb uses the table in AWS with the AWS credentials', () => {
  const env = { ...AWS, STORE: 'dynamodb', AWS_SESSION_TOKEN: 'session', TABLE: 'grants', ROOT_KEY_SECRET: 'root' };
  const aws = { region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' };
  expect(parseConfig(env)).toEqual({
    ...DEFAULTS,
    dynamodb: { table: 'grants', endpoint: undefined, aws },
    rootKeySecret: 'root',
    aws,
  });
});

test('a local DynamoDB needs no credentials', () => {
  expect(parseConfig({ STORE: 'dynamodb', DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' }).dynamodb).toEqual({
    table: 'kms-grants',
    endpoint: 'http://127.0.0.1:8000',
    aws: { region: 'local', accessKeyId: 'local', secretAccessKey: 'local', sessionToken: undefined },
  });
});

test('STORE=dynamodb without an access key leaves the credentials to the machine', () => {
  expect(parseConfig({ STORE: 'dynamodb', AWS_REGION: 'eu-west-1' }).dynamodb?.aws).toEqual({ region: 'eu-west-1' });
});

test('STORE=dynamodb without a region aborts startup with a message that names the missing variable', () => {
  expect(() => parseConfig({ STORE: 'dynamodb' })).toThrow(
    new ConfigError('Invalid settings:\n  AWS_REGION must be set for STORE=dynamodb without DYNAMODB_ENDPOINT'),
  );
});

test('half an access key aborts startup with a message that names the other half', () => {
  const missing = 'must be set for an access key of AWS';
  expect(() => parseConfig({ AWS_ACCESS_KEY_ID: 'AKID' })).toThrow(
    new ConfigError(`Invalid settings:\n  AWS_SECRET_ACCESS_KEY ${missing}`),
  );
  expect(() => parseConfig({ AWS_SECRET_ACCESS_KEY: 'secret' })).toThrow(
    new ConfigError(`Invalid settings:\n  AWS_ACCESS_KEY_ID ${missing}`),
  );
});

test.each([
  ['PORT', '65535', { port: 65535 }],
  ['PUBLIC_URL', 'https://kms.example.com', { publicUrl: 'https://kms.example.com' }],
  ['PUBLIC_URL', 'http://[::1]:8080', { publicUrl: 'http://[::1]:8080' }],
  ['HOST', '::1', { host: '::1' }],
  ['HOST', 'localhost', { host: 'localhost' }],
  ['CORS_ORIGINS', 'http://127.0.0.1:8081', { corsOrigins: ['http://127.0.0.1:8081'] }],
  ['CORS_ORIGINS', ' , https://a.example ,, ', { corsOrigins: ['https://a.example'] }],
  ['CORS_ORIGINS', ',', { corsOrigins: [] }],
  ['TRUSTED_PROXIES', '::1', { trustedProxies: ['::1'] }],
  ['TRUSTED_PROXIES', '0.0.0.0/0', { trustedProxies: ['0.0.0.0/0'] }],
  ['TRUSTED_PROXIES', '192.0.2.1/32, 2001:db8::1/128', { trustedProxies: ['192.0.2.1/32', '2001:db8::1/128'] }],
  ['REGION', 'a', { region: 'a' }],
  ['REGION', 'x'.repeat(64), { region: 'x'.repeat(64) }],
  ['GRANTS_PER_KEY', '1', { grantsPerKey: 1 }],
  ['KEYS_PER_PROJECT', '1000000', { keysPerProject: 1_000_000 }],
])('%s=%s is accepted', (name, value, expected) => {
  expect(parseConfig({ [name]: value })).toEqual({ ...DEFAULTS, ...expected });
});

const PORT = 'must be a whole number from 0 to 65535';
const COUNT = 'must be a whole number from 1 to 1000000';
const ORIGINS = 'must be origins such as https://app.example.com, separated by commas';
const ADDRESS = 'must be an address such as https://kms.example.com, without a path';
const REGION = 'must be 1 to 64 letters, digits or . _ -';
const PROXIES = 'must be addresses or CIDR ranges such as 10.0.0.0/8, separated by commas';

test.each([
  ['PORT', '65536', PORT],
  ['PORT', '-1', PORT],
  ['PORT', '80a', PORT],
  ['PORT', '1e3', PORT],
  ['PORT', '0x50', PORT],
  ['PORT', ' 80', PORT],
  ['PORT', '80.5', PORT],
  ['PORT', '1'.repeat(400), PORT],
  ['GRANTS_PER_KEY', '0', COUNT],
  ['GRANTS_PER_KEY', '1000001', COUNT],
  ['GRANTS_PER_KEY', 'many', COUNT],
  ['KEYS_PER_PROJECT', '0', COUNT],
  ['KEYS_PER_PROJECT', '1000001', COUNT],
  ['CORS_ORIGINS', '*', ORIGINS],
  ['CORS_ORIGINS', 'null', ORIGINS],
  ['CORS_ORIGINS', 'app.example.com', ORIGINS],
  ['CORS_ORIGINS', 'https://app.example.com/', ORIGINS],
  ['CORS_ORIGINS', 'https://app.example.com/path', ORIGINS],
  ['CORS_ORIGINS', 'https://*.example.com', ORIGINS],
  ['CORS_ORIGINS', 'https://user@app.example.com', ORIGINS],
  ['CORS_ORIGINS', 'file://app', ORIGINS],
  ['CORS_ORIGINS', 'https://a.example;https://b.example', ORIGINS],
  ['CORS_ORIGINS', 'https://a.example,nonsense', ORIGINS],
  ['PUBLIC_URL', 'kms.example.com', ADDRESS],
  ['PUBLIC_URL', 'https://kms.example.com/', ADDRESS],
  ['PUBLIC_URL', 'https://kms.example.com/kms', ADDRESS],
  ['PUBLIC_URL', 'https://user@kms.example.com', ADDRESS],
  ['PUBLIC_URL', 'https://kms.example.com:99999', ADDRESS],
  ['PUBLIC_URL', 'ftp://kms.example.com', ADDRESS],
  ['TRUSTED_PROXIES', 'proxy.example.com', PROXIES],
  ['TRUSTED_PROXIES', '*', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0.0/33', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0/8', PROXIES],
  ['TRUSTED_PROXIES', '2001:db8::/129', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0.0/', PROXIES],
  ['TRUSTED_PROXIES', '127.0.0.1:8080', PROXIES],
  ['TRUSTED_PROXIES', '127.0.0.1 10.0.0.1', PROXIES],
  ['REGION', 'eu de', REGION],
  ['REGION', 'eu/de', REGION],
  ['REGION', 'x'.repeat(65), REGION],
  ['STORE', 'postgres', 'must be sqlite or dynamodb'],
  ['TABLE', 'a b', 'must be 3 to 255 letters, digits or . _ -'],
  ['DYNAMODB_ENDPOINT', '127.0.0.1:8000', 'must be an address such as http://127.0.0.1:8000'],
  ['DYNAMODB_ENDPOINT', 'http://127.0.0.1:8000/x', 'must be an address such as http://127.0.0.1:8000'],
  ['ROOT_KEY_SECRET', 'a b', 'must be the name or ARN of a secret'],
  ['AWS_REGION', 'eu central', 'must be a region such as eu-central-1'],
])('%s=%s aborts startup with a message that names the variable and says why', (name, value, why) => {
  expect(() => parseConfig({ [name]: value })).toThrow(new ConfigError(`Invalid settings:\n  ${name} ${why}`));
});

test('the message lists every invalid variable on its own line', () => {
  expect(() => parseConfig({ PORT: 'x', GRANTS_PER_KEY: '0', REGION: '!', HOST: 'fine' })).toThrow(
    new ConfigError(`Invalid settings:\n  PORT ${PORT}\n  REGION ${REGION}\n  GRANTS_PER_KEY ${COUNT}`),
  );
});

const UPSTREAM = { AUTHORITY: 'upstream', KMS_ENDPOINT: 'https://kms.eu-de.otc.t-systems.com' };
const KEYSTONE = { IDENTITY: 'keystone', IAM_ENDPOINT: 'https://iam.eu-de.otc.t-systems.com' };

test('AUTHORITY=upstream has a default rate limit and timeout', () => {
  const { upstream, keystone } = parseConfig({ ...UPSTREAM, ...KEYSTONE, KMS_CREDENTIALS: 'caller' });
  expect(upstream).toEqual({
    endpoint: 'https://kms.eu-de.otc.t-systems.com',
    credentials: 'caller',
    ratePerSecond: 20,
    timeoutMs: 20_000,
  });
  expect(keystone).toEqual({ endpoint: 'https://iam.eu-de.otc.t-systems.com', cacheSeconds: 30 });
});

test.each<[string, Record<string, string>, object]>([
  [
    'env',
    { KMS_ACCESS_KEY: 'AK', KMS_SECRET_KEY: 'SK', KMS_SECURITY_TOKEN: 'ST' },
    { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK', securityToken: 'ST' } },
  ],
  ['file:/run/secrets/kms.json', {}, { kind: 'file', path: '/run/secrets/kms.json' }],
  [
    'aws:prod/kms',
    { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' },
    {
      kind: 'aws',
      secretId: 'prod/kms',
      aws: { region: 'eu-central-1', accessKeyId: 'A', secretAccessKey: 'S', sessionToken: undefined },
    },
  ],
])('KMS_CREDENTIALS=%s selects the source of the credentials', (KMS_CREDENTIALS, more, credentials) => {
  expect(parseConfig({ ...UPSTREAM, KMS_CREDENTIALS, ...more }).upstream?.credentials).toEqual(credentials);
});

test.each<[string, Record<string, string>, string]>([
  [
    'AUTHORITY=upstream without KMS_ENDPOINT',
    { AUTHORITY: 'upstream', KMS_CREDENTIALS: 'file:a' },
    'KMS_ENDPOINT must be set',
  ],
  ['AUTHORITY=upstream without KMS_CREDENTIALS', UPSTREAM, 'KMS_CREDENTIALS must be set'],
  [
    'forwarded tokens that no IAM checks',
    { ...UPSTREAM, KMS_CREDENTIALS: 'caller' },
    'IDENTITY must be keystone for KMS_CREDENTIALS=caller',
  ],
  [
    'an access key without its secret key',
    { ...UPSTREAM, KMS_CREDENTIALS: 'env', KMS_ACCESS_KEY: 'AK' },
    'KMS_SECRET_KEY must be set',
  ],
  [
    'an AWS secret without a region',
    { ...UPSTREAM, KMS_CREDENTIALS: 'aws:s' },
    'AWS_REGION must be set for KMS_CREDENTIALS=aws:',
  ],
  ['an invalid port', { ...KEYSTONE, IAM_ENDPOINT: 'https://iam.example.com:99999' }, 'IAM_ENDPOINT must be an origin'],
  [
    'KMS_ENDPOINT without AUTHORITY=upstream',
    { KMS_ENDPOINT: 'https://kms.example.com' },
    'KMS_ENDPOINT is set, so AUTHORITY must be upstream',
  ],
  [
    'IAM_ENDPOINT without IDENTITY=keystone',
    { IAM_ENDPOINT: 'https://iam.example.com' },
    'IAM_ENDPOINT is set, so IDENTITY must be keystone',
  ],
  ['malformed project ids', { PROJECTS: 'a b' }, 'PROJECTS must be project ids'],
  [
    'a secret in place of a reference to it',
    { ...UPSTREAM, KMS_CREDENTIALS: 'hush' },
    'KMS_CREDENTIALS must be caller, env, file:',
  ],
  [
    'plain HTTP over the network',
    { ...UPSTREAM, KMS_ENDPOINT: 'http://kms.example.com' },
    'KMS_ENDPOINT must be an origin',
  ],
  [
    'an endpoint with a path',
    { ...UPSTREAM, KMS_ENDPOINT: 'https://kms.example.com/v1' },
    'KMS_ENDPOINT must be an origin',
  ],
  [
    'an endpoint with credentials',
    { ...UPSTREAM, KMS_ENDPOINT: 'https://a:b@kms.example.com' },
    'KMS_ENDPOINT must be an origin',
  ],
  [
    'plain HTTP to a host name that begins like a local address',
    { ...KEYSTONE, IAM_ENDPOINT: 'http://127.0.0.1.example.com' },
    'IAM_ENDPOINT must be an origin',
  ],
  ['IDENTITY=keystone without IAM_ENDPOINT', { IDENTITY: 'keystone' }, 'IAM_ENDPOINT must be set'],
  [
    'a rate of 0',
    { ...UPSTREAM, KMS_RATE_PER_SECOND: '0' },
    'KMS_RATE_PER_SECOND must be a whole number from 1 to 1000',
  ],
  [
    'a timeout longer than that of API Gateway',
    { ...UPSTREAM, KMS_TIMEOUT_SECONDS: '26' },
    'KMS_TIMEOUT_SECONDS must be a whole number from 1 to 25',
  ],
  [
    'tokens cached for an hour',
    { ...KEYSTONE, TOKEN_CACHE_SECONDS: '3600' },
    'TOKEN_CACHE_SECONDS must be a whole number from 0 to 300',
  ],
])('startup is aborted with a message that names the variable: %s', (_, env, message) => {
  expect(() => parseConfig(env)).toThrow(ConfigError);
  expect(() => parseConfig(env)).toThrow(message);
});

test('no message contains the value of a secret', () => {
  const env = { ...UPSTREAM, KMS_CREDENTIALS: 'SK-hush', KMS_SECRET_KEY: 'hush' };
  expect(() => parseConfig(env)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hush') }));
});

test.each(['http://127.0.0.1:8081', 'http://localhost:8081', 'http://[::1]:8081', 'https://10.0.0.7:8443'])(
  'KMS_ENDPOINT=%s is accepted',
  (endpoint) => {
    const env = { ...UPSTREAM, KMS_ENDPOINT: endpoint, KMS_CREDENTIALS: 'file:a' };
    expect(parseConfig(env).upstream?.endpoint).toBe(endpoint);
  },
);

test('PROJECTS limits the service to some projects', () => {
  expect(parseConfig({ PROJECTS: 'aa, bb,cc' }).projects).toEqual(['aa', 'bb', 'cc']);
});

test('the lower-case names of proxies count first, and requests to this machine never go through a proxy', () => {
  const env = { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://user:pw@b:2', no_proxy: '.example.com' };
  const NO_PROXY = '.example.com,localhost,127.0.0.1-127.255.255.254,::1,[::1]';
  expect(parseConfig(env).proxies).toEqual({ HTTPS_PROXY: 'http://user:pw@b:2', NO_PROXY });
  expect(parseConfig({ ...env, no_proxy: '*' }).proxies?.NO_PROXY).toBe('*');
  expect(parseConfig({ HTTP_PROXY: 'http://a:1' }).proxies?.NO_PROXY).toMatch(/^localhost,127/);
  expect(parseConfig({ NO_PROXY: '*' }).proxies).toBeUndefined();
});

test.each(['proxy.example.com:3128', 'socks5://127.0.0.1:1080', 'http://', 'http://a b', 'http://a/path'])(
  'a proxy %s that this service cannot use aborts startup',
  (url) => {
    for (const name of ['HTTP_PROXY', 'https_proxy']) {
      expect(() => parseConfig({ [name]: url })).toThrow(`${name} must be the URL of an HTTP proxy`);
    }
  },
);

test.each<[string, object[]]>([
  ['', [{ people: 1 }]],
  ['2', [{ people: 2 }]],
  ['1, revoke-all=2,grants>50=2', [{ people: 1 }, { people: 2, action: 'revoke-all' }, { people: 2, grantsAbove: 50 }]],
  ['revoke=2', [{ people: 2, action: 'revoke' }]],
])('CHAT_APPROVERS=%j is parsed into rules', (text, rules) => {
  expect(parseConfig({ CHAT_APPROVERS: text }).chatApprovers).toEqual(rules);
});

test.each(['0', '3', ',', 'two', 'list=2', 'revoke', 'grants>=2', 'grants>5', '1;2'])(
  'CHAT_APPROVERS=%s aborts startup, because no rule must be lost by a spelling mistake',
  (text) => {
    expect(() => parseConfig({ CHAT_APPROVERS: text })).toThrow('CHAT_APPROVERS must be rules separated by commas');
  },
);

test('HOOKS with KMS_CREDENTIALS=caller aborts startup: neither webhooks nor chat carry a token to forward', () => {
  const env = { ...UPSTREAM, KMS_CREDENTIALS: 'caller', IDENTITY: 'keystone', IAM_ENDPOINT: 'https://iam.example.com' };
  expect(() => parseConfig({ ...env, HOOKS: 'file:hooks.json' })).toThrow('webhooks and chat carry no token');
});
