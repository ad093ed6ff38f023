/** What is so at the cloud, asked of it directly. */
import type { Grant } from '../../lib/domain/model.ts';
import type { Answer } from './client.ts';
import type { World } from './fixture.ts';

/** Whether the grant is there now. One short page: the first grant after the id just below it. */
export async function isThere(world: World, keyId: string, grantId: string): Promise<boolean> {
  const below = (BigInt(`0x${grantId}`) - 1n).toString(16).padStart(64, '0');
  const page = await direct(world, 'list-grants', { key_id: keyId, marker: below, limit: '1' });
  return page.body.grants[0]?.grant_id === grantId;
}

/** Every grant of the key. */
export async function grantsAt(world: World, keyId: string): Promise<Grant[]> {
  const grants: Grant[] = [];
  let marker = '';
  do {
    const { body } = await direct(world, 'list-grants', { key_id: keyId, marker });
    grants.push(...body.grants);
    marker = body.next_marker;
  } while (marker !== '');
  return grants;
}

export async function keyStateAt(world: World, keyId: string): Promise<string> {
  return (await direct(world, 'describe-key', { key_id: keyId })).body.key_info.key_state;
}

/** A grant made past the backend. @returns its id */
export async function createAt(world: World, keyId: string, name: string, isRetirable = false): Promise<string> {
  const { body } = await direct(world, 'create-grant', grantAsk(world, keyId, name, isRetirable));
  return body.grant_id;
}

/** The body of a create-grant. */
export function grantAsk(world: World, keyId: string, name: string, isRetirable = false) {
  const operations = isRetirable ? ['encrypt-data', 'retire-grant'] : ['encrypt-data'];
  return { key_id: keyId, grantee_principal: world.grantee.user_id, operations, name };
}

async function direct(world: World, name: string, body: object): Promise<Answer> {
  const answer = await world.askCloud(world.creator, name, body);
  if (answer.status !== 200) throw new Error(`the cloud answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}
