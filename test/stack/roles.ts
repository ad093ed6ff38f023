/** Who may do what: the roles of the packaged stack, as a whole. */
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
const RECORDS = 'dynamodb:PutItem table where pk is events#* grantee-events#* idempotency#*';
const CHANGES = [
  RECORDS,
  `dynamodb:DeleteItem table where pk is ${KEYS_AND_GRANTS}`,
  `dynamodb:PutItem table where pk is ${KEYS_AND_GRANTS}`,
  `dynamodb:UpdateItem table where pk is ${KEYS_AND_GRANTS}`,
];
const JOBS = 'all#jobs job#* open-jobs';
const READ_BY_WORKER =
  'access-key#* grant#* job#* key#* mappings idempotency#* outbox#* retirable#* retirable-n#* token#* user#*';

/**
 * Each kind of function, and all that it may do besides writing its own log. A new function is written down here, so
 * that who may do what is never a matter of one line in serverless.yml alone.
 */
export const KINDS: Record<string, { functions: string[]; may: string[] }> = {
  NothingRole: { functions: ['unmatched'], may: [] },
  ReaderRole: {
    functions: [
      'check-token',
      'describe-key',
      'job',
      'list-grant-events',
      'list-grants',
      'list-keys',
      'list-principal-grants',
      'list-retirable-grants',
      'projects',
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
  LoginRole: {
    functions: ['create-token'],
    may: [
      'dynamodb:GetItem table where pk is domain#* name#* project#* user#*',
      'dynamodb:PutItem table where pk is token#*',
      'dynamodb:Query table where pk is domain#* name#* project#* user#*',
    ],
  },
  SweeperRole: {
    functions: ['delete-due-keys'],
    may: [...READS.map((read) => `${read} where pk is ${KEYS_AND_GRANTS}`), ...CHANGES],
  },
  HookRole: {
    functions: ['webhook'],
    may: [`dynamodb:PutItem table where pk is ${JOBS}`, ...SEND],
  },
  WorkerRole: {
    functions: ['work'],
    may: [
      ...READS.map((read) => `${read} where pk is ${READ_BY_WORKER}`),
      RECORDS,
      `dynamodb:DeleteItem table where pk is ${GRANTS}`,
      `dynamodb:PutItem table where pk is ${GRANTS}`,
      `dynamodb:UpdateItem table where pk is ${GRANTS}`,
      `dynamodb:PutItem table where pk is ${JOBS}`,
      `dynamodb:DeleteItem table where pk is ${JOBS}`,
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

const NEWS = ['dynamodb:PutItem table where pk is outbox#*'];

/** What each may do besides where somebody hears of changes. */
export const WITH_TARGETS: Record<string, string[]> = {
  ChangerRole: [...NEWS, ...SEND],
  SweeperRole: [...NEWS, ...SEND],
  WorkerRole: NEWS,
};

/** Which items of lib/store/dynamodb/schema.ts are whose to write. */
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
    'idempotency',
    'key',
    'retirable',
    'retirableCount',
    'retirableCounts',
  ],
  jobs: ['job', 'openJob'],
  tokens: ['token'],
  nobodys: ['accessKey', 'domain', 'inAll', 'mapping', 'name', 'outbox', 'project', 'role', 'user'],
};

export function testRoles(stack: Stack): void {
  const functions = functionsOf(stack);
  const roles = ofType(stack, 'AWS::IAM::Role').map(([name, { Properties }]) => {
    const policies = Properties['Policies'] as { PolicyDocument: { Statement: Statement[] } }[];
    return { name, properties: Properties, statements: policies.flatMap((one) => one.PolicyDocument.Statement) };
  });

  function nameOf(resource: unknown): string {
    const text = JSON.stringify(resource);
    const log = functions.find(({ id }) => text === grouped(id.replace('LambdaFunction', 'LogGroup')));
    if (log) return `log of ${log.name}`;
    if (text === '{"Ref":"RootKey"}') return 'root key';
    if (text === grouped('Queue')) return 'queue';
    return text === tableOf(stack.stage) ? 'table' : text;
  }

  function permissionsOf(statements: Statement[]): string[] {
    return statements.flatMap(({ Effect, Action, Resource, Condition }) => {
      const keys = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      const where = keys ? ` where pk is ${keys.toSorted().join(' ')}` : '';
      // Where there is no key, "all values" holds: hence the second condition.
      expect(Condition).toEqual(
        keys && {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      );
      expect(Effect).toBe('Allow');
      return [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${nameOf(one)}${where}`));
    });
  }

  test('each function has the role of its kind, and there is no other role or policy', () => {
    const found = functions.map(({ name, role }) => `${role}: ${name}`);
    const wanted = Object.entries(KINDS).flatMap(([kind, { functions }]) =>
      functions.map((name) => `${kind}: ${name}`),
    );
    expect(found.sort()).toEqual(wanted.sort());
    const types = Object.entries(stack.resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::'));
    expect(types.map(([name, { Type }]) => [name, Type])).toEqual(
      Object.keys(KINDS).map((kind) => [kind, 'AWS::IAM::Role']),
    );
  });

  test.each(Object.entries(KINDS))(
    '%s may do just what its functions do, and write just their logs',
    (kind, wanted) => {
      const logs = functions
        .filter(({ role }) => role === kind)
        .flatMap(({ name }) => [`logs:CreateLogStream log of ${name}`, `logs:PutLogEvents log of ${name}`]);
      const statements = roles.find(({ name }) => name === kind)?.statements ?? [];
      expect(permissionsOf(statements).sort()).toEqual([...wanted.may, ...logs].sort());
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

  test('nobody scans the table or alters it', () => {
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

  test('keys are written by changer and sweeper, grants by worker too, jobs by hook, worker and finder, tokens by login, all else by nobody', () => {
    const writersOf = (pk: string) =>
      roles.filter(({ statements }) => mayWrite(statements, pk)).map(({ name }) => name);
    const found = Object.entries(itemKey).map(([item, place]) => {
      const places = [(place as (...ids: string[]) => ItemKey | ItemKey[])('1', '2', '3')].flat();
      return [item, [...new Set(places.flatMap(({ pk }) => writersOf(pk)))]];
    });
    const wanted = [
      ...ITEMS.keys.map((item) => [item, ['ChangerRole', 'SweeperRole']]),
      ...ITEMS.grants.map((item) => [item, ['ChangerRole', 'SweeperRole', 'WorkerRole']]),
      ...ITEMS.jobs.map((item) => [item, ['HookRole', 'WorkerRole', 'FinderRole']]),
      ...ITEMS.tokens.map((item) => [item, ['LoginRole']]),
      ...ITEMS.nobodys.map((item) => [item, []]),
    ];
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    expect(writersOf(itemKey.inAll('jobs', '1', '2').pk)).toEqual(['HookRole', 'WorkerRole', 'FinderRole']);
  });

  test('only Lambda takes a role', () => {
    for (const { properties } of roles) {
      expect(properties['AssumeRolePolicyDocument']).toEqual({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      });
    }
  });
}

const grouped = (resource: string) => JSON.stringify({ 'Fn::GetAtt': [resource, 'Arn'] });

const tableOf = (stage: string) =>
  JSON.stringify({
    'Fn::Sub': `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/kms-grants-${stage}`,
  });

function mayWrite(statements: Statement[], pk: string): boolean {
  return statements.some(({ Action, Condition }) => {
    if (![Action].flat().includes('dynamodb:PutItem')) return false;
    const patterns = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'] ?? ['*'];
    return patterns.some((pattern) => fits(pk, pattern));
  });
}

/** As IAM's StringLike, for a pattern whose only wildcard is a `*` at its end. */
export function fits(pk: string, pattern: string): boolean {
  return pattern.endsWith('*') ? pk.startsWith(pattern.slice(0, -1)) : pk === pattern;
}
