/** Keys and grants for a test, made over HTTP; each a millisecond after the one before, so that lists keep their order. */
import type { DemoUser } from '../../local/demo.ts';
import type { ApiResponse, TestService } from './service.ts';

/** A user of the demo project, unless it brings another. */
export type User = DemoUser & { project_id?: string };

let made = 0;

/** @returns the body of a 200; a refusal ends the test */
export function okBody({ status, body }: ApiResponse) {
  if (status !== 200) throw new Error(`not done: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function newKey(service: TestService, user: User = service.creator, fields = {}): Promise<string> {
  made += 1;
  service.clock.nowMs += 1;
  return okBody(await service.kms(user, 'create-key', { key_alias: `made-${made}`, ...fields }, user.project_id))
    .key_info.key_id;
}

/** A grant to the demo's grantee to encrypt, unless `fields` say otherwise. */
export async function newGrant(
  service: TestService,
  keyId: string,
  fields = {},
  user: User = service.creator,
): Promise<string> {
  service.clock.nowMs += 1;
  const least = { key_id: keyId, grantee_principal: service.grantee.user_id, operations: ['encrypt-data'] };
  return okBody(await service.kms(user, 'create-grant', { ...least, ...fields }, user.project_id)).grant_id;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read grants as they come
export async function grantsOn(service: TestService, keyId: string): Promise<any[]> {
  return okBody(await service.kms(service.creator, 'list-grants', { key_id: keyId })).grants;
}

export async function grantIdsOn(service: TestService, keyId: string): Promise<string[]> {
  return (await grantsOn(service, keyId)).map(({ grant_id }) => grant_id);
}
