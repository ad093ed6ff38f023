/** The settings of a deployment, each changed from its default with --param. */
import { expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { corsHeaders } from '../../local/gateway/cors.ts';
import { upTo } from './api.ts';
import { functionsOf, ofType, type Stack } from './packaged.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:pager';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:kms/access-key-8hLtkJ';
/** What Lambda gives a function besides. */
const LAMBDA = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };

export const CHANGED = {
  table: 'kms-grants-dev-restored',
  deletionProtection: 'false',
  projectRegion: 'eu-1',
  grantsPerKey: '7',
  keysPerProject: '8',
  authority: 'upstream',
  kmsEndpoint: 'https://kms.eu-de.otc.t-systems.com',
  kmsCredentials: `aws:${SECRET}`,
  kmsRatePerSecond: '2',
  kmsTimeoutSeconds: '9',
  identity: 'keystone',
  iamEndpoint: 'https://iam.eu-de.otc.t-systems.com',
  tokenCacheSeconds: '10',
  projects: 'aa2d97d7e62c4b7da3ffdfc11551f878',
  readsPerSecond: '3000',
  changesPerSecond: '300',
  tokensPerSecond: '30',
  othersPerSecond: '40',
  corsOrigins: 'https://app.example.com,https://admin.example.com',
  logRetentionDays: '30',
  alarmTopics: TOPIC,
  tracing: 'true',
  reserveSweeper: 'true',
};

/** @param stack packaged with `CHANGED` */
export function testSettings(stack: Stack): void {
  const { resources, provider } = stack;
  const functions = functionsOf(stack);
  const roles = ofType(stack, 'AWS::IAM::Role').map(([, { Properties }]) => Properties);

  test('tracing: all functions are traced, and their roles may write traces', () => {
    for (const { properties } of functions) expect(properties['TracingConfig']).toEqual({ Mode: 'Active' });
    for (const role of roles) {
      expect(role['ManagedPolicyArns']).toEqual([
        { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess` },
      ]);
    }
  });

  test('table: functions, roles and alarms turn to another table; the own one stays', () => {
    expect(resources['Table']?.Properties['TableName']).toBe('kms-grants-dev');
    const others = JSON.stringify({ ...resources, Table: undefined });
    expect(others).not.toMatch(/table\/kms-grants-dev"|"TableName","Value":"kms-grants-dev"/);
    expect(others.match(/table\/kms-grants-dev-restored"/g)).toHaveLength(10);
    expect(others.match(/"Name":"TableName","Value":"kms-grants-dev-restored"/g)).toHaveLength(10);
  });

  test('projectRegion, grantsPerKey, keysPerProject, table: the functions are told', () => {
    for (const { properties } of functions) {
      expect(properties['Environment']).toMatchObject({
        Variables: { TABLE: 'kms-grants-dev-restored', REGION: 'eu-1', GRANTS_PER_KEY: '7', KEYS_PER_PROJECT: '8' },
      });
    }
  });

  test('authority, identity and what belongs to them: the functions start with them', () => {
    for (const { properties } of functions) {
      const { Variables } = properties['Environment'] as { Variables: Record<string, string> };
      const { upstream, keystone, projects } = parseConfig({ ...Variables, ...LAMBDA, ROOT_KEY_SECRET: 'root-key' });
      expect(upstream).toMatchObject({
        endpoint: 'https://kms.eu-de.otc.t-systems.com',
        credentials: { kind: 'aws', secretId: SECRET },
        ratePerSecond: 2,
        timeoutMs: 9000,
      });
      expect(keystone).toEqual({ endpoint: 'https://iam.eu-de.otc.t-systems.com', cacheSeconds: 10 });
      expect(projects).toEqual(['aa2d97d7e62c4b7da3ffdfc11551f878']);
    }
  });

  test('kmsCredentials: who lists and who changes may read that secret, and nobody else may', () => {
    const readers = ofType(stack, 'AWS::IAM::Role').filter(([, role]) => JSON.stringify(role).includes(SECRET));
    expect(readers.map(([name]) => name)).toEqual(['ReaderRole', 'ChangerRole']);
    for (const [, { Properties }] of readers) {
      const [policy] = Properties['Policies'] as [{ PolicyDocument: { Statement: { Resource: unknown }[] } }];
      expect(policy.PolicyDocument.Statement.filter(({ Resource }) => Resource === SECRET)).toEqual([
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
      ]);
    }
  });

  test('readsPerSecond, changesPerSecond, tokensPerSecond, othersPerSecond: each route is told, as a number', () => {
    const stage = resources['HttpApiStage']?.Properties;
    expect(stage?.['RouteSettings']).toMatchObject({
      'POST /v1.0/{project_id}/kms/list-grants': upTo(3000),
      'POST /v1.0/{project_id}/kms/revoke-grant': upTo(300),
      'POST /v3/auth/tokens': upTo(30),
      $default: upTo(40),
    });
    expect(stage?.['DefaultRouteSettings']).toMatchObject(upTo(40));
  });

  test('deletionProtection: off for table and stack', () => {
    expect(resources['Table']?.Properties['DeletionProtectionEnabled']).toBe(false);
    expect(provider['deletionProtection']).toBe(false);
  });

  test('corsOrigins: browsers get the headers that they get from the local gateway', () => {
    expect(resources['HttpApi']?.Properties['CorsConfiguration']).toEqual({
      AllowOrigins: ['https://app.example.com', 'https://admin.example.com'],
      AllowMethods: ['GET', 'POST'],
      AllowHeaders: ['content-type', 'x-auth-token', 'x-subject-token', 'authorization', 'x-sdk-date', 'x-project-id'],
      ExposeHeaders: ['x-request-id', 'x-subject-token', 'retry-after'],
      MaxAge: 600,
    });
    expect(corsHeaders(['https://app.example.com'])('https://app.example.com')).toEqual({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'content-type,x-auth-token,x-subject-token,authorization,x-sdk-date,x-project-id',
      'access-control-expose-headers': 'x-request-id,x-subject-token,retry-after',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
  });

  test('logRetentionDays: of every log', () => {
    for (const [, { Properties }] of ofType(stack, 'AWS::Logs::LogGroup')) {
      expect(Properties['RetentionInDays']).toBe(30);
    }
  });

  test('alarmTopics: told when an alarm begins and when it ends', () => {
    for (const [, { Properties }] of ofType(stack, 'AWS::CloudWatch::Alarm')) {
      expect(Properties).toMatchObject({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
    }
  });

  test('reserveSweeper: one place for the sweeper', () => {
    const sweeper = functions.find(({ name }) => name === 'delete-due-keys');
    expect(sweeper?.properties['ReservedConcurrentExecutions']).toBe(1);
  });
}
