import { expect, test } from '@jest/globals';
import { ConfigError, parseConfig } from '../lib/config.ts';

const DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  dataDir: '.data',
  corsOrigins: [],
  region: 'local-1',
  grantsPerKey: 100,
  keysPerProject: 100,
  dynamodb: undefined,
  rootKeySecret: undefined,
  upstream: undefined,
  keystone: undefined,
};

test('with nothing set there are defaults', () => {
  expect(parseConfig({})).toEqual(DEFAULTS);
});

test('an empty setting is as one not set', () => {
  const empty = {
    HOST: '',
    PORT: '',
    DATA_DIR: '',
    CORS_ORIGINS: '',
    REGION: '',
    GRANTS_PER_KEY: '',
    KEYS_PER_PROJECT: '',
  };
  expect(parseConfig(empty)).toEqual(DEFAULTS);
});

test('other variables of the environment do not matter', () => {
  expect(parseConfig({ PATH: '/bin', port: '1', Host: 'x', KMS: undefined })).toEqual(DEFAULTS);
});

test('all can be set', () => {
  expect(
    parseConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      DATA_DIR: '/var/lib/kms-grants',
      CORS_ORIGINS: 'https://app.example.com, http://localhost:3000',
      REGION: 'eu-de',
      GRANTS_PER_KEY: '1000000',
      KEYS_PER_PROJECT: '20',
    }),
  ).toEqual({
    host: '0.0.0.0',
    port: 0,
    dataDir: '/var/lib/kms-grants',
    corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
    region: 'eu-de',
    grantsPerKey: 1_000_000,
    keysPerProject: 20,
    dynamodb: undefined,
    rootKeySecret: undefined,
    upstream: undefined,
    keystone: undefined,
  });
});

const AWS = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };

test('DynamoDB is where the settings of AWS say', () => {
  const env = { ...AWS, STORE: 'dynamodb', AWS_SESSION_TOKEN: 'session', TABLE: 'grants', ROOT_KEY_SECRET: 'root' };
  expect(parseConfig(env)).toEqual({
    ...DEFAULTS,
    dynamodb: {
      table: 'grants',
      endpoint: undefined,
      aws: { region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
    },
    rootKeySecret: 'root',
  });
});

test('a local DynamoDB takes any credentials, so none are needed', () => {
  expect(parseConfig({ STORE: 'dynamodb', DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' }).dynamodb).toEqual({
    table: 'kms-grants',
    endpoint: 'http://127.0.0.1:8000',
    aws: { region: 'local', accessKeyId: 'local', secretAccessKey: 'local', sessionToken: undefined },
  });
});

test('DynamoDB of AWS without a region or credentials stops the start and names each', () => {
  const missing = 'must be set for STORE=dynamodb without DYNAMODB_ENDPOINT';
  expect(() => parseConfig({ STORE: 'dynamodb', AWS_REGION: 'eu-west-1' })).toThrow(
    new ConfigError(
      `These settings cannot be used:\n  AWS_ACCESS_KEY_ID ${missing}\n  AWS_SECRET_ACCESS_KEY ${missing}`,
    ),
  );
});

test.each([
  ['PORT', '65535', { port: 65535 }],
  ['HOST', '::1', { host: '::1' }],
  ['HOST', 'localhost', { host: 'localhost' }],
  ['CORS_ORIGINS', 'http://127.0.0.1:8081', { corsOrigins: ['http://127.0.0.1:8081'] }],
  ['CORS_ORIGINS', ' , https://a.example ,, ', { corsOrigins: ['https://a.example'] }],
  ['CORS_ORIGINS', ',', { corsOrigins: [] }],
  ['REGION', 'a', { region: 'a' }],
  ['REGION', 'x'.repeat(64), { region: 'x'.repeat(64) }],
  ['GRANTS_PER_KEY', '1', { grantsPerKey: 1 }],
  ['KEYS_PER_PROJECT', '1000000', { keysPerProject: 1_000_000 }],
])('%s=%s is taken', (name, value, expected) => {
  expect(parseConfig({ [name]: value })).toEqual({ ...DEFAULTS, ...expected });
});

const PORT = 'must be a whole number from 0 to 65535';
const COUNT = 'must be a whole number from 1 to 1000000';
const ORIGINS = 'must be origins such as https://app.example.com, separated by commas';
const REGION = 'must be 1 to 64 letters, digits or . _ -';

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
  ['REGION', 'eu de', REGION],
  ['REGION', 'eu/de', REGION],
  ['REGION', 'x'.repeat(65), REGION],
  ['STORE', 'postgres', 'must be sqlite or dynamodb'],
  ['TABLE', 'a b', 'must be 3 to 255 letters, digits or . _ -'],
  ['DYNAMODB_ENDPOINT', '127.0.0.1:8000', 'must be an address such as http://127.0.0.1:8000'],
  ['DYNAMODB_ENDPOINT', 'http://127.0.0.1:8000/x', 'must be an address such as http://127.0.0.1:8000'],
  ['ROOT_KEY_SECRET', 'a b', 'must be the name or ARN of a secret'],
  ['AWS_REGION', 'eu central', 'must be a region such as eu-central-1'],
])('%s=%s stops the start and says why', (name, value, why) => {
  expect(() => parseConfig({ [name]: value })).toThrow(
    new ConfigError(`These settings cannot be used:\n  ${name} ${why}`),
  );
});

test('everything that is wrong is told at once, each on its line', () => {
  expect(() => parseConfig({ PORT: 'x', GRANTS_PER_KEY: '0', REGION: '!', HOST: 'fine' })).toThrow(
    new ConfigError(`These settings cannot be used:\n  PORT ${PORT}\n  REGION ${REGION}\n  GRANTS_PER_KEY ${COUNT}`),
  );
});
