/**
 * Checks the lists of a history: a list has every grant that existed during the whole call, and none that did not
 * exist.
 */
import { type Call, describe, type History } from './history.ts';

/** The most time between the timestamp of an event and its visibility in lists, on a busy machine. */
const VISIBILITY_DELAY_MS = 1_000;

interface Lifetime {
  keyId: string;
  createdAtMs: number;
  removedAtMs: number;
  mayRetire: Set<string>;
}

export function listViolations({ operations, upstreamEvents }: History): string[] {
  const lifetimes = new Map<string, Lifetime>();
  for (const { action, grant, atMs } of upstreamEvents) {
    if (!grant) continue;
    const { grant_id, key_id, operations: held, issuing_principal, grantee_principal } = grant;
    const lifetime = lifetimes.get(grant_id);
    const mayRetire = new Set([issuing_principal ?? '', ...(held.includes('retire-grant') ? [grantee_principal] : [])]);
    if (action === 'create-grant')
      lifetimes.set(grant_id, { keyId: key_id, createdAtMs: atMs, removedAtMs: Infinity, mayRetire });
    else if (lifetime) lifetime.removedAtMs = atMs;
  }
  return operations
    .filter(({ action }) => action.startsWith('list-'))
    .flatMap(({ calls }) => calls)
    .filter(({ answer }) => answer.status === 200)
    .flatMap((call) => checkList(lifetimes, call));
}

function checkList(lifetimes: Map<string, Lifetime>, call: Call): string[] {
  const { answer, operation, startMs, endMs } = call;
  const listed = (answer.body.grants as { grant_id: string }[]).map(({ grant_id }) => grant_id);
  const isLastPage = answer.body.truncated === 'false';
  const last = listed.at(-1) ?? '';
  const isInList = ({ keyId, mayRetire }: Lifetime) =>
    operation.action === 'list-grants' ? keyId === operation.keyId : mayRetire.has(operation.user.user_id);
  const shown = new Set(listed);
  const faults: string[] = [];
  if (listed.length > Number(operation.body['limit'])) faults.push('more grants than the limit');
  if (shown.size < listed.length || listed.join() !== listed.toSorted().join()) faults.push('out of order');
  for (const id of listed) {
    const lifetime = lifetimes.get(id);
    const mayBeListed =
      lifetime &&
      isInList(lifetime) &&
      lifetime.createdAtMs <= endMs &&
      lifetime.removedAtMs >= startMs - VISIBILITY_DELAY_MS;
    if (!mayBeListed) faults.push(`${id} did not exist`);
  }
  for (const [id, lifetime] of lifetimes) {
    const existed =
      isInList(lifetime) && lifetime.createdAtMs < startMs - VISIBILITY_DELAY_MS && lifetime.removedAtMs > endMs;
    if (existed && (isLastPage || id < last) && !shown.has(id)) faults.push(`${id} is missing`);
  }
  return faults.map((fault) => `${describe(call)}: ${fault}`);
}
