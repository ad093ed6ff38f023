/** The settings of a deployment, each changed from its default with --param. */
import { expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { corsHeaders } from '../../local/gateway/cors.ts';
import { throttleOf } from './api.ts';
import { functionsOf, ofType, type Stack } from './packaged.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:pager';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:kms/access-key-8hLtkJ';
const HOOKS = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:hooks-8hLtkJ';
const CHAT_SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:slack-bot-8hLtkJ';
const TARGETS = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:targets-8hLtkJ';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

/** Settings that Lambda adds, and values that CloudFormation resolves. */
const LAMBDA = {
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/kms-grants-dev',
  ROOT_KEY_SECRET: 'root-key',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
};

export const CHANGED = {
  table: 'kms-grants-dev-restored',
  deletionProtection: 'false',
  projectRegion: 'eu-1',
  publicUrl: 'https://kms.example.com',
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
  hooks: `aws:${HOOKS}`,
  targets: `aws:${TARGETS}`,
  chatSecrets: `aws:${CHAT_SECRET}`,
  chatApprovers: 'revoke-all=2,grants>50=2',
  readsPerSecond: '3000',
  changesPerSecond: '300',
  tokensPerSecond: '30',
  hooksPerSecond: '60',
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

  /** Returns by role the statements that contain the text. */
  function statementsWith(text: string): Record<string, Statement[]> {
    const byRole = ofType(stack, 'AWS::IAM::Role').map(([name, { Properties }]) => {
      const [policy] = Properties['Policies'] as [{ PolicyDocument: { Statement: Statement[] } }];
      const matching = policy.PolicyDocument.Statement.filter((statement) => JSON.stringify(statement).includes(text));
      return [name, matching] as const;
    });
    return Object.fromEntries(byRole.filter(([, statements]) => statements.length > 0));
  }

  test('tracing: all functions are traced, and all roles may write traces', () => {
    for (const { properties } of functions) expect(properties['TracingConfig']).toEqual({ Mode: 'Active' });
    for (const role of roles) {
      expect(role['ManagedPolicyArns']).toEqual([
        { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess` },
      ]);
    }
  });

  test('table: functions, roles and alarms use the other table; the stack keeps its own', () => {
    expect(resources['Table']?.Properties['TableName']).toBe('kms-grants-dev');
    const others = JSON.stringify({ ...resources, Table: undefined });
    expect(others).not.toMatch(/table\/kms-grants-dev"|"TableName","Value":"kms-grants-dev"/);
    expect(others.match(/table\/kms-grants-dev-restored"/g)).toHaveLength(45);
    expect(others.match(/"Name":"TableName","Value":"kms-grants-dev-restored"/g)).toHaveLength(12);
  });

  test('projectRegion, publicUrl, grantsPerKey, keysPerProject, table: every function has the settings', () => {
    for (const { properties } of functions) {
      expect(properties['Environment']).toMatchObject({
        Variables: {
          TABLE: 'kms-grants-dev-restored',
          REGION: 'eu-1',
          PUBLIC_URL: 'https://kms.example.com',
          GRANTS_PER_KEY: '7',
          KEYS_PER_PROJECT: '8',
        },
      });
    }
  });

  test('authority, identity and their settings, hooks, targets: every function parses them', () => {
    for (const { properties } of functions) {
      const { Variables } = properties['Environment'] as { Variables: Record<string, string> };
      const { upstream, keystone, projects, hooks, targets, chatApprovers } = parseConfig({ ...Variables, ...LAMBDA });
      expect(upstream).toMatchObject({
        endpoint: 'https://kms.eu-de.otc.t-systems.com',
        credentials: { kind: 'aws', secretId: SECRET },
        ratePerSecond: 2,
        timeoutMs: 9000,
      });
      expect(keystone).toEqual({ endpoint: 'https://iam.eu-de.otc.t-systems.com', cacheSeconds: 10 });
      expect(projects).toEqual(['aa2d97d7e62c4b7da3ffdfc11551f878']);
      expect(hooks).toMatchObject({ kind: 'aws', secretId: HOOKS });
      expect(targets).toMatchObject({ kind: 'aws', secretId: TARGETS });
      expect(chatApprovers).toEqual([
        { people: 2, action: 'revoke-all' },
        { people: 2, grantsAbove: 50 },
      ]);
    }
  });

  test.each([
    ['kmsCredentials', SECRET, ['ReaderRole', 'LookupRole', 'ChangerRole', 'JobsRole', 'ChatRole', 'WorkerRole']],
    ['hooks', HOOKS, ['ScimRole', 'LookupRole', 'MappingRole', 'HookRole', 'ChatRole', 'WorkerRole']],
    ['chatSecrets', CHAT_SECRET, ['ChatRole', 'WorkerRole']],
    ['targets', TARGETS, ['WorkerRole']],
  ])('%s: only the roles that need the secret may read it', (setting, secret, kinds) => {
    const Resource = setting === 'chatSecrets' ? [secret] : secret;
    const reading = [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource }];
    expect(statementsWith(secret)).toEqual(Object.fromEntries(kinds.map((kind) => [kind, reading])));
  });

  test('targets: changing roles may write to the outbox and send messages; the worker may delete from it', () => {
    const table = { 'Fn::Sub': expect.stringMatching(/table\/kms-grants-dev-restored$/) };
    const condition = {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['outbox#*'] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    };
    const put = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: table, Condition: condition };
    const writing = Object.entries(statementsWith('"outbox#*"')).map(([name, statements]) => [
      name,
      statements.filter(({ Action }) => /PutItem|DeleteItem/.test(String(Action))),
    ]);
    expect(Object.fromEntries(writing)).toEqual({
      ChangerRole: [put],
      SweeperRole: [put],
      ChatRole: [put],
      WorkerRole: [put, { ...put, Action: 'dynamodb:DeleteItem' }],
      FinderRole: [],
    });
    const sending = [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } }];
    expect(statementsWith('sqs:SendMessage')).toEqual(
      Object.fromEntries(
        ['ChangerRole', 'JobsRole', 'SweeperRole', 'HookRole', 'ScimRole', 'ChatRole', 'WorkerRole', 'FinderRole'].map(
          (kind) => [kind, sending],
        ),
      ),
    );
  });

  test('readsPerSecond, changesPerSecond, tokensPerSecond, hooksPerSecond, othersPerSecond: each route has its throttle', () => {
    const stage = resources['HttpApiStage']?.Properties;
    expect(stage?.['RouteSettings']).toMatchObject({
      'POST /v1.0/{project_id}/kms/list-grants': throttleOf(3000),
      'POST /v1.0/{project_id}/kms/revoke-grant': throttleOf(300),
      'POST /v3/auth/tokens': throttleOf(30),
      'DELETE /hooks/{source}/{path+}': throttleOf(60),
      'POST /hooks/slack': throttleOf(60),
      $default: throttleOf(40),
    });
    expect(stage?.['DefaultRouteSettings']).toMatchObject(throttleOf(40));
  });

  test('deletionProtection: off for table and stack', () => {
    expect(resources['Table']?.Properties['DeletionProtectionEnabled']).toBe(false);
    expect(provider['deletionProtection']).toBe(false);
  });

  test('corsOrigins: API Gateway sends the same CORS headers as the local gateway', () => {
    expect(resources['HttpApi']?.Properties['CorsConfiguration']).toEqual({
      AllowOrigins: ['https://app.example.com', 'https://admin.example.com'],
      AllowMethods: ['GET', 'POST', 'DELETE'],
      AllowHeaders: [
        'content-type',
        'x-auth-token',
        'x-subject-token',
        'authorization',
        'x-sdk-date',
        'x-project-id',
        'idempotency-key',
      ],
      ExposeHeaders: ['x-request-id', 'x-upstream-request-id', 'x-subject-token', 'retry-after'],
      MaxAge: 600,
    });
    expect(corsHeaders(['https://app.example.com'])('https://app.example.com')).toEqual({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'GET,POST,DELETE',
      'access-control-allow-headers':
        'content-type,x-auth-token,x-subject-token,authorization,x-sdk-date,x-project-id,idempotency-key',
      'access-control-expose-headers': 'x-request-id,x-upstream-request-id,x-subject-token,retry-after',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
  });

  test('the parameter logRetentionDays sets the retention of every log group', () => {
    for (const [, { Properties }] of ofType(stack, 'AWS::Logs::LogGroup')) {
      expect(Properties['RetentionInDays']).toBe(30);
    }
  });

  test('alarmTopics: every alarm notifies them when it starts and when it ends', () => {
    for (const [, { Properties }] of ofType(stack, 'AWS::CloudWatch::Alarm')) {
      expect(Properties).toMatchObject({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
    }
  });

  test('reserveSweeper: delete-due-keys has a reserved concurrency of 1', () => {
    const sweeper = functions.find(({ name }) => name === 'delete-due-keys');
    expect(sweeper?.properties['ReservedConcurrentExecutions']).toBe(1);
  });
}
