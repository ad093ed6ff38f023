import { expect, test } from '@jest/globals';
import { isAllowed, type Permission, ROLES } from '../../lib/identity/roles.ts';

const PERMISSIONS: Permission[] = [
  'kms:cmk:create',
  'kms:cmk:list',
  'kms:cmk:get',
  'kms:cmk:enable',
  'kms:cmk:disable',
  'kms:cmk:update',
  'kms:grant:create',
  'kms:grant:list',
  'kms:grant:retire',
  'kms:grant:revoke',
  'iam:tokens:check',
];
const KMS_ALL = PERMISSIONS.filter((permission) => permission.startsWith('kms:'));

const allowed = (...roles: string[]) => PERMISSIONS.filter((permission) => isAllowed(roles, permission));

test('the roles are these', () => {
  expect([...ROLES.keys()].sort()).toEqual([
    'KMS Administrator',
    'KMS CMKFullAccess',
    'KMS CMKReadOnlyAccess',
    'Security Administrator',
    'kms_adm',
    'te_admin',
  ]);
});

test.each([
  ['te_admin', PERMISSIONS],
  ['KMS Administrator', KMS_ALL],
  ['kms_adm', KMS_ALL],
  ['KMS CMKFullAccess', KMS_ALL],
  ['KMS CMKReadOnlyAccess', ['kms:cmk:list', 'kms:cmk:get', 'kms:grant:list']],
  ['Security Administrator', ['iam:tokens:check']],
])('%s allows exactly this', (role, permissions) => {
  expect(allowed(role)).toEqual(permissions);
});

test.each(['', 'admin', 'kms administrator', 'KMS Administrator ', '__proto__', 'constructor', 'has'])(
  'a role that is not in the table allows nothing: %j',
  (role) => {
    expect(allowed(role)).toEqual([]);
  },
);

test('no role allows nothing; several allow what any of them does', () => {
  expect(allowed()).toEqual([]);
  expect(allowed('nothing', 'KMS CMKReadOnlyAccess', 'Security Administrator')).toEqual([
    'kms:cmk:list',
    'kms:cmk:get',
    'kms:grant:list',
    'iam:tokens:check',
  ]);
});
