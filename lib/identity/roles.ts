/** Permissions that an API may require. Source of the KMS names: IAM policy reference, KMS actions. */
export type Permission =
  | 'kms:cmk:create'
  | 'kms:cmk:list'
  | 'kms:cmk:get'
  | 'kms:cmk:enable'
  | 'kms:cmk:disable'
  | 'kms:cmk:update'
  | 'kms:grant:create'
  | 'kms:grant:list'
  | 'kms:grant:retire'
  | 'kms:grant:revoke'
  /** Of this service only: revokes a grant on a key of any creator. */
  | 'kms:grant:revoke-any'
  | 'iam:tokens:check'
  | 'iam:tokens:revoke'
  /** Of this service only: users and access keys of the domain, webhook and chat sources, and mappings. */
  | 'iam:directory:manage';

const READ = ['kms:cmk:list', 'kms:cmk:get', 'kms:grant:list'] as const;
const FULL = [
  ...READ,
  'kms:cmk:create',
  'kms:cmk:enable',
  'kms:cmk:disable',
  'kms:cmk:update',
  'kms:grant:create',
  'kms:grant:retire',
  'kms:grant:revoke',
] as const;

/** For tokens of any user of the domain. Every user may check and revoke their own tokens. */
const TOKENS = ['iam:tokens:check', 'iam:tokens:revoke'] as const;
const ADMINISTRATOR = [...FULL, 'kms:grant:revoke-any'] as const;

/** Permissions by role. Any other role has none. */
export const ROLES: ReadonlyMap<string, ReadonlySet<Permission>> = new Map<string, ReadonlySet<Permission>>([
  ['te_admin', new Set<Permission>([...ADMINISTRATOR, ...TOKENS, 'iam:directory:manage'])],
  ['KMS Administrator', new Set<Permission>(ADMINISTRATOR)],
  // The name of KMS Administrator in IAM tokens. Source: acceptance tests of the huaweicloud Terraform provider.
  ['kms_adm', new Set<Permission>(ADMINISTRATOR)],
  ['KMS CMKFullAccess', new Set<Permission>(FULL)],
  ['KMS CMKReadOnlyAccess', new Set<Permission>(READ)],
  ['Security Administrator', new Set<Permission>(TOKENS)],
]);

export function isAllowed(roles: readonly string[], permission: Permission): boolean {
  return roles.some((role) => ROLES.get(role)?.has(permission) ?? false);
}
