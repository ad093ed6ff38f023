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
  'iam:tokens:revoke',
];
const KMS_ALL = PERMISSIONS.filter((permission) => permission.startsWith('kms:'));

const permissionsOf = (...roles: string[]) => PERMISSIONS.filter((permission) => isAllowed(roles, permission));

test('these are all the roles', () => {
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
  ['Security Administrator', ['iam:tokens:check', 'iam:tokens:revoke']],
])('the role %s has exactly its permissions', (role, permissions) => {
  expect(permissionsOf(role)).toEqual(permissions);
});

test.each(['', 'admin', 'kms administrator', 'KMS Administrator ', '__proto__', 'constructor', 'has'])(
  'an unknown role has no permission: %j',
  (role) => {
    expect(permissionsOf(role)).toEqual([]);
  },
);

test('a caller without roles has no permission, and a caller with several has the permissions of each', () => {
  expect(permissionsOf()).toEqual([]);
  expect(permissionsOf('unknown', 'KMS CMKReadOnlyAccess', 'Security Administrator')).toEqual([
    'kms:cmk:list',
    'kms:cmk:get',
    'kms:grant:list',
    'iam:tokens:check',
    'iam:tokens:revoke',
  ]);
});
