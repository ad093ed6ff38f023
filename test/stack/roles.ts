/** Checks of the packaged roles: each permission of each role is listed here. */
import { expect, test } from '@jest/globals';
import type { ItemKey } from '../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../lib/store/dynamodb/schema.ts';
import { functionsOf, ofType, type Stack } from './packaged.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': string[] } };
}

const READS = ['dynamodb:BatchGetItem table', 'dynamodb:GetItem table', 'dynamodb:Query table'];
const CHECKS = ['dynamodb:ConditionCheckItem table'];
const ROOT_KEY = ['secretsmanager:GetSecretValue root key'];
const SEND = ['sqs:SendMessage queue'];
const KEYS_AND_GRANTS = 'due grant#* key#* keys#* retirable#* retirable-n#*';
const GRANTS = 'grant#* key#* retirable#* retirable-n#*';
const RECORDS = 'dynamodb:PutItem table where pk is events#* grantee-events#* once#*';
const CHANGES = [
  RECORDS,
  `dynamodb:DeleteItem table where pk is ${KEYS_AND_GRANTS}`,
  `dynamodb:PutItem table where pk is ${KEYS_AND_GRANTS}`,
  `dynamodb:UpdateItem table where pk is ${KEYS_AND_GRANTS}`,
];
const JOBS = 'all#jobs job#* open-jobs';
const READ_BY_WORKER =
  'access-key#* grant#* job#* key#* mappings once#* outbox#* project#* retirable#* retirable-n#* token#* user#*';
const READ_BY_CHAT =
  'events#* grant#* grantee-events#* job#* key#* keys#* mappings once#* project#* retirable#* retirable-n#* user#*';
const REVOKES_BY_JOB = [
  RECORDS,
  `dynamodb:DeleteItem table where pk is ${GRANTS}`,
  `dynamodb:PutItem table where pk is ${GRANTS}`,
  `dynamodb:UpdateItem table where pk is ${GRANTS}`,
  `dynamodb:PutItem table where pk is ${JOBS}`,
  `dynamodb:DeleteItem table where pk is ${JOBS}`,
];

/**
 * By role: its functions, and all of its permissions except those to write logs. A new function must be added here, so
 * that one line in serverless.yml alone cannot give it permissions.
 */
export const KINDS: Record<string, { functions: string[]; may: string[] }> = {
  NothingRole: { functions: ['console', 'docs', 'identity-version', 'kms-version', 'unmatched', 'versions'], may: [] },
  ReaderRole: {
    functions: [
      'caller',
      'catalog',
      'check-token',
      'describe-key',
      'domains',
      'job',
      'list-grant-events',
      'list-grants',
      'list-issued-grants',
      'list-key-usage',
      'list-jobs',
      'list-keys',
      'list-principal-grants',
      'list-retirable-grants',
      'projects',
      'regions',
    ],
    may: [...READS, ...ROOT_KEY],
  },
  ChangerRole: {
    functions: [
      'cancel-key-deletion',
      'create-grant',
      'create-key',
      'disable-key',
      'enable-key',
      'retire-grant',
      'revoke-grant',
      'revoke-principal-grants',
      'schedule-key-deletion',
    ],
    may: [...READS, ...CHECKS, ...CHANGES, ...ROOT_KEY],
  },
  JobsRole: {
    functions: ['create-revocation-job', 'retry-job', 'stop-job'],
    may: [
      ...READS,
      `dynamodb:PutItem table where pk is ${JOBS}`,
      'dynamodb:DeleteItem table where pk is open-jobs',
      'dynamodb:PutItem table where pk is once#*',
      ...ROOT_KEY,
      ...SEND,
    ],
  },
  LoginRole: {
    functions: ['create-token'],
    may: [
      'dynamodb:GetItem table where pk is domain#* name#* project#* token#* user#*',
      'dynamodb:PutItem table where pk is token#*',
      'dynamodb:Query table where pk is domain#* name#* project#* token#* user#*',
    ],
  },
  RevokeTokenRole: {
    functions: ['delete-token'],
    may: [
      'dynamodb:DeleteItem table where pk is token#*',
      'dynamodb:GetItem table where pk is access-key#* project#* token#* user#*',
      'dynamodb:Query table where pk is access-key#* project#* token#* user#*',
      ...ROOT_KEY,
    ],
  },
  MappingRole: {
    functions: ['create-mapping', 'delete-mapping', 'list-mappings', 'list-sources'],
    may: [
      ...READS.map((read) => `${read} where pk is access-key#* mappings open-jobs project#* token#* user#*`),
      'dynamodb:DeleteItem table where pk is mappings',
      'dynamodb:PutItem table where pk is mappings',
      ...ROOT_KEY,
    ],
  },
  DirectoryRole: {
    functions: ['access-keys', 'users'],
    may: [
      ...READS.map(
        (read) => `${read} where pk is access-key#* all#access-keys all#users name#user#* project#* token#* user#*`,
      ),
      'dynamodb:UpdateItem table where pk is access-key#* user#*',
      ...ROOT_KEY,
    ],
  },
  SweeperRole: {
    functions: ['delete-due-keys'],
    may: [...READS.map((read) => `${read} where pk is ${KEYS_AND_GRANTS}`), ...CHANGES],
  },
  HookRole: {
    functions: ['notification', 'ssf', 'webhook'],
    may: [
      'dynamodb:GetItem table where pk is project#*',
      `dynamodb:PutItem table where pk is ${JOBS}`,
      'dynamodb:Query table where pk is open-jobs',
      ...SEND,
    ],
  },
  LookupRole: { functions: ['describe-principals', 'search'], may: [...READS, ...ROOT_KEY] },
  ChatRole: {
    functions: ['chat'],
    may: [...READS.map((read) => `${read} where pk is ${READ_BY_CHAT}`), ...REVOKES_BY_JOB, ...SEND],
  },
  WorkerRole: {
    functions: ['work'],
    may: [
      ...READS.map((read) => `${read} where pk is ${READ_BY_WORKER}`),
      ...REVOKES_BY_JOB,
      'dynamodb:DeleteItem table where pk is outbox#*',
      'sqs:ChangeMessageVisibility queue',
      'sqs:DeleteMessage queue',
      'sqs:GetQueueAttributes queue',
      'sqs:ReceiveMessage queue',
      ...SEND,
    ],
  },
  FinderRole: {
    functions: ['find-lost-work'],
    may: [
      'dynamodb:BatchGetItem table where pk is job#*',
      'dynamodb:GetItem table where pk is job#*',
      `dynamodb:PutItem table where pk is ${JOBS}`,
      'dynamodb:DeleteItem table where pk is open-jobs',
      'dynamodb:Query table where pk is open-jobs outbox#*',
      ...SEND,
    ],
  },
};

const WRITE_OUTBOX = ['dynamodb:PutItem table where pk is outbox#*'];

/** By role: the additional permissions in a stack with targets. */
export const WITH_TARGETS: Record<string, string[]> = {
  ChangerRole: [...WRITE_OUTBOX, ...SEND],
  SweeperRole: [...WRITE_OUTBOX, ...SEND],
  ChatRole: WRITE_OUTBOX,
  WorkerRole: WRITE_OUTBOX,
};

const WRITERS_OF_JOBS = ['JobsRole', 'HookRole', 'ChatRole', 'WorkerRole', 'FinderRole'];

/** The items of lib/store/dynamodb/schema.ts, by the functions that may write them. */
const ITEMS = {
  keys: ['alias', 'due', 'keyCounts', 'keyInList'],
  grants: [
    'creator',
    'eventOfGrant',
    'eventOfGrantee',
    'eventOfKey',
    'eventOfProject',
    'grant',
    'grantOfGrantee',
    'grantOfKey',
    'held',
    'key',
    'retirable',
    'retirableCount',
    'retirableCounts',
  ],
  jobs: ['job', 'openJob'],
  records: ['idempotency'],
  tokens: ['token'],
  mappings: ['mapping', 'oldMapping'],
  /** Roles of a user share the partition of the user, and IAM knows only partitions. */
  directory: ['accessKey', 'role', 'user'],
  adminOnly: ['domain', 'inAll', 'name', 'outbox', 'project'],
};

export function testRoles(stack: Stack): void {
  const functions = functionsOf(stack);
  const roles = ofType(stack, 'AWS::IAM::Role').map(([name, { Properties }]) => {
    const policies = Properties['Policies'] as { PolicyDocument: { Statement: Statement[] } }[];
    return {
      name,
      properties: Properties,
      statements: policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    };
  });

  function nameOf(resource: unknown): string {
    const text = JSON.stringify(resource);
    const log = functions.find(({ id }) => text === arnOf(id.replace('LambdaFunction', 'LogGroup')));
    if (log) return `log of ${log.name}`;
    if (text === '{"Ref":"RootKey"}') return 'root key';
    if (text === arnOf('Queue')) return 'queue';
    return text === tableOf(stack.stage) ? 'table' : text;
  }

  function permissionsOf(statements: Statement[]): string[] {
    return statements.flatMap(({ Effect, Action, Resource, Condition }) => {
      const keys = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      const where = keys ? ` where pk is ${keys.toSorted().join(' ')}` : '';
      // ForAllValues is also true for a call without partition keys, so the second condition is required.
      expect(Condition).toEqual(
        keys && {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      );
      expect(Effect).toBe('Allow');
      return [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => `${action} ${nameOf(resource)}${where}`));
    });
  }

  test('each function has its listed role, and there is no other role or policy', () => {
    const actual = functions.map(({ name, role }) => `${role}: ${name}`);
    const expected = Object.entries(KINDS).flatMap(([kind, { functions }]) =>
      functions.map((name) => `${kind}: ${name}`),
    );
    expect(actual.sort()).toEqual(expected.sort());
    const types = Object.entries(stack.resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::'));
    expect(types.map(([name, { Type }]) => [name, Type])).toEqual(
      Object.keys(KINDS).map((kind) => [kind, 'AWS::IAM::Role']),
    );
  });

  test.each(Object.entries(KINDS))(
    '%s has exactly the listed permissions, and those to write the logs of its functions',
    (kind, { may }) => {
      const logs = functions
        .filter(({ role }) => role === kind)
        .flatMap(({ name }) => [`logs:CreateLogStream log of ${name}`, `logs:PutLogEvents log of ${name}`]);
      const statements = roles.find(({ name }) => name === kind)?.statements ?? [];
      expect(permissionsOf(statements).sort()).toEqual([...may, ...logs].sort());
    },
  );

  test('no role names an action or a resource with a wildcard', () => {
    for (const { statements } of roles) {
      for (const statement of statements) {
        expect(Object.keys(statement)).toEqual(expect.arrayContaining(['Effect', 'Action', 'Resource']));
        expect(JSON.stringify([statement.Action, statement.Resource])).not.toMatch(/[*?]/);
      }
    }
  });

  test('no role may scan or alter the table', () => {
    const actions = roles.flatMap(({ statements }) => statements.flatMap(({ Action }) => Action));
    expect([...new Set(actions.filter((action) => action.startsWith('dynamodb:')))].sort()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
  });

  test('each item can be written only by the roles whose functions write it, and other items by none', () => {
    const writersOf = (pk: string) =>
      roles.filter(({ statements }) => mayWrite(statements, pk)).map(({ name }) => name);
    const actual = Object.entries(itemKey).map(([item, keyOf]) => {
      const keys = [(keyOf as (...ids: string[]) => ItemKey | ItemKey[])('1', '2', '3')].flat();
      return [item, [...new Set(keys.flatMap(({ pk }) => writersOf(pk)))]];
    });
    const expected = [
      ...ITEMS.keys.map((item) => [item, ['ChangerRole', 'SweeperRole']]),
      ...ITEMS.grants.map((item) => [item, ['ChangerRole', 'SweeperRole', 'ChatRole', 'WorkerRole']]),
      ...ITEMS.records.map((item) => [item, ['ChangerRole', 'JobsRole', 'SweeperRole', 'ChatRole', 'WorkerRole']]),
      ...ITEMS.jobs.map((item) => [item, WRITERS_OF_JOBS]),
      ...ITEMS.tokens.map((item) => [item, ['LoginRole']]),
      ...ITEMS.mappings.map((item) => [item, ['MappingRole']]),
      ...ITEMS.directory.map((item) => [item, ['DirectoryRole']]),
      ...ITEMS.adminOnly.map((item) => [item, []]),
    ];
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
    expect(writersOf(itemKey.inAll('jobs', '1', '2').pk)).toEqual(WRITERS_OF_JOBS);
  });

  test('only Lambda may assume a role', () => {
    for (const { properties } of roles) {
      expect(properties['AssumeRolePolicyDocument']).toEqual({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      });
    }
  });
}

const arnOf = (resource: string) => JSON.stringify({ 'Fn::GetAtt': [resource, 'Arn'] });

const tableOf = (stage: string) =>
  JSON.stringify({
    'Fn::Sub': `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/kms-grants-${stage}`,
  });

function mayWrite(statements: Statement[], pk: string): boolean {
  return statements.some(({ Action, Condition }) => {
    if (![Action].flat().some((action) => /:(?:Put|Update)Item$/.test(action))) return false;
    const patterns = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'] ?? ['*'];
    return patterns.some((pattern) => fits(pk, pattern));
  });
}

/** IAM's StringLike, for patterns whose only wildcard is a `*` at the end. */
export function fits(pk: string, pattern: string): boolean {
  return pattern.endsWith('*') ? pk.startsWith(pattern.slice(0, -1)) : pk === pattern;
}
