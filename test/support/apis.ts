/** Every KMS API of serverless.yml, each with a body that it would act on: what the tests that walk all routes share. */
import { readRoutes } from '../../local/routes.ts';
import { newKey, okBody } from './create.ts';
import type { TestService } from './service.ts';

const PREFIX = 'POST /v1.0/{project_id}/kms/';

export const KMS_APIS: string[] = readRoutes()
  .filter(({ key }) => key.startsWith(PREFIX))
  .map(({ key }) => key.slice(PREFIX.length));

/** Those that a reader may call. Source: KMS user guide, permissions of KMS CMKReadOnlyAccess. */
export const READER_APIS = ['list-grants', 'list-retirable-grants', 'list-keys', 'describe-key'].concat(
  'list-principal-grants',
  'list-grant-events',
);

/** Those that only an administrator may call. */
export const ADMINISTRATOR_APIS = ['revoke-principal-grants'];

/** One who gets a 200. */
export const permittedUser = ({ creator, administrator }: TestService, name: string) =>
  ADMINISTRATOR_APIS.includes(name) ? administrator : creator;

/**
 * For each API its required fields and no others, with values that `permittedUser` would get a 200 for.
 * Makes a disabled key and one that waits for deletion, for the APIs that want them so.
 */
export async function minimalBodies(service: TestService): Promise<Record<string, Record<string, unknown>>> {
  const { demo, creator, grantee } = service;
  const grant = { ...demo.grants[0] };
  const other = { ...demo.grants[1] };
  const key = { key_id: demo.keys[0]?.key_id };
  const disabled = { key_id: await newKey(service) };
  const waiting = { key_id: await newKey(service) };
  okBody(await service.kms(creator, 'disable-key', disabled));
  okBody(await service.kms(creator, 'schedule-key-deletion', { ...waiting, pending_days: '7' }));
  return {
    'list-grants': key,
    'list-retirable-grants': {},
    'revoke-grant': grant,
    'create-grant': { ...key, grantee_principal: grantee.user_id, operations: ['describe-key', 'create-datakey'] },
    'retire-grant': other,
    'list-principal-grants': { grantee_principal: grantee.user_id },
    'revoke-principal-grants': { grantee_principal: grantee.user_id },
    'list-grant-events': {},
    'create-key': { key_alias: 'walked' },
    'list-keys': {},
    'describe-key': key,
    'enable-key': disabled,
    'disable-key': key,
    'schedule-key-deletion': { ...key, pending_days: '7' },
    'cancel-key-deletion': waiting,
  };
}
