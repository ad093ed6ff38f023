/** The actual state at the upstream, read directly without the backend and the proxy. */
import type { Grant } from '../../lib/domain/model.ts';
import type { Answer } from './client.ts';
import type { UpstreamFixture } from './fixture.ts';

/** Returns whether the grant exists. Reads a page of one grant that starts after the id just below it. */
export async function grantExists(fixture: UpstreamFixture, keyId: string, grantId: string): Promise<boolean> {
  const precedingId = (BigInt(`0x${grantId}`) - 1n).toString(16).padStart(64, '0');
  const page = await direct(fixture, 'list-grants', { key_id: keyId, marker: precedingId, limit: '1' });
  return page.body.grants[0]?.grant_id === grantId;
}

/** Returns all grants of the key. */
export async function grantsAtUpstream(fixture: UpstreamFixture, keyId: string): Promise<Grant[]> {
  const grants: Grant[] = [];
  let marker = '';
  do {
    const { body } = await direct(fixture, 'list-grants', { key_id: keyId, marker });
    grants.push(...body.grants);
    marker = body.next_marker;
  } while (marker !== '');
  return grants;
}

export async function keyStateAtUpstream(fixture: UpstreamFixture, keyId: string): Promise<string> {
  return (await direct(fixture, 'describe-key', { key_id: keyId })).body.key_info.key_state;
}

/** Creates a grant at the upstream, without the backend. @returns its id */
export async function createGrantAtUpstream(
  fixture: UpstreamFixture,
  keyId: string,
  name: string,
  isRetirable = false,
): Promise<string> {
  const { body } = await direct(fixture, 'create-grant', createGrantBody(fixture, keyId, name, isRetirable));
  return body.grant_id;
}

/** Returns the body of a create-grant request. */
export function createGrantBody(fixture: UpstreamFixture, keyId: string, name: string, isRetirable = false) {
  const operations = isRetirable ? ['encrypt-data', 'retire-grant'] : ['encrypt-data'];
  return { key_id: keyId, grantee_principal: fixture.grantee.user_id, operations, name };
}

async function direct(fixture: UpstreamFixture, name: string, body: object): Promise<Answer> {
  const answer = await fixture.callUpstream(fixture.creator, name, body);
  if (answer.status !== 200) throw new Error(`the upstream replied ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}
