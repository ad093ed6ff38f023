/**
 * Creates keys and grants over HTTP, each a millisecond later than the one before, so that lists have a fixed order.
 */
import { randomUUID } from 'node:crypto';
import type { DemoUser } from '../../local/demo.ts';
import type { ApiResponse, TestService } from './service.ts';

/** A user of the demo project, or of the project that it names. */
export type User = DemoUser & { project_id?: string };

let keysCreated = 0;

/**
 * @returns the body of a 200
 * @throws for any other status
 */
export function okBody({ status, body }: ApiResponse) {
  if (status !== 200) throw new Error(`expected 200, got ${status} ${JSON.stringify(body)}`);
  return body;
}

/** @returns the id of a new key */
export async function newKey(service: TestService, user: User = service.creator, fields = {}): Promise<string> {
  keysCreated += 1;
  service.clock.nowMs += 1;
  const body = { key_alias: `key-${keysCreated}`, ...fields };
  return okBody(await service.kms(user, 'create-key', body, user.project_id)).key_info.key_id;
}

/**
 * @param fields in addition to, or instead of, a grant of encrypt-data to the demo's grantee
 * @returns the id of a new grant
 */
export async function newGrant(
  service: TestService,
  keyId: string,
  fields = {},
  user: User = service.creator,
): Promise<string> {
  service.clock.nowMs += 1;
  const defaults = { key_id: keyId, grantee_principal: service.grantee.user_id, operations: ['encrypt-data'] };
  return okBody(await service.kms(user, 'create-grant', { ...defaults, ...fields }, user.project_id)).grant_id;
}

/** Grants the key to a principal that holds no other grant. @returns the id of the principal */
export async function newGrantee(service: TestService, keyId: string): Promise<string> {
  const principal = randomUUID().replaceAll('-', '');
  await newGrant(service, keyId, { grantee_principal: principal });
  return principal;
}

/** The first page of the grants that a principal holds, as list-principal-grants returns them. */
// biome-ignore lint/suspicious/noExplicitAny: tests read grants as they come
export async function grantsHeldBy(service: TestService, principal: string): Promise<any[]> {
  return okBody(await service.kms(service.creator, 'list-principal-grants', { grantee_principal: principal })).grants;
}

/** The first page of a key's grants, as list-grants returns them. */
// biome-ignore lint/suspicious/noExplicitAny: tests read grants as they come
export async function grantsOn(service: TestService, keyId: string): Promise<any[]> {
  return okBody(await service.kms(service.creator, 'list-grants', { key_id: keyId })).grants;
}

export async function grantIdsOn(service: TestService, keyId: string): Promise<string[]> {
  return (await grantsOn(service, keyId)).map(({ grant_id }) => grant_id);
}
