/** Whether lists showed what was there: nothing that was long gone, and all that was there all the time. */
import { type Call, describe, type History } from './history.ts';

/** Between the time that an event tells and the moment from which on it shows, on a busy machine. */
const BLUR_MS = 1_000;

interface Life {
  keyId: string;
  bornMs: number;
  diedMs: number;
  mayRetire: Set<string>;
}

export function listUntruths({ operations, cloudEvents }: History): string[] {
  const lives = new Map<string, Life>();
  for (const { action, grant, atMs } of cloudEvents) {
    if (!grant) continue;
    const { grant_id, key_id, operations: held, issuing_principal, grantee_principal } = grant;
    const life = lives.get(grant_id);
    const mayRetire = new Set([issuing_principal, ...(held.includes('retire-grant') ? [grantee_principal] : [])]);
    if (action === 'create-grant') lives.set(grant_id, { keyId: key_id, bornMs: atMs, diedMs: Infinity, mayRetire });
    else if (life) life.diedMs = atMs;
  }
  return operations
    .filter(({ action }) => action.startsWith('list-'))
    .flatMap(({ calls }) => calls)
    .filter(({ answer }) => answer.status === 200)
    .flatMap((call) => aboutList(lives, call));
}

function aboutList(lives: Map<string, Life>, call: Call): string[] {
  const { answer, operation, startMs, endMs } = call;
  const listed = (answer.body.grants as { grant_id: string }[]).map(({ grant_id }) => grant_id);
  const isWhole = answer.body.truncated === 'false';
  const last = listed.at(-1) ?? '';
  const belongs = ({ keyId, mayRetire }: Life) =>
    operation.action === 'list-grants' ? keyId === operation.keyId : mayRetire.has(operation.user.user_id);
  const shown = new Set(listed);
  const faults: string[] = [];
  if (listed.length > Number(operation.body['limit'])) faults.push('more than asked for');
  if (shown.size < listed.length || listed.join() !== listed.toSorted().join()) faults.push('out of order');
  for (const id of listed) {
    const life = lives.get(id);
    const isTrue = life && belongs(life) && life.bornMs <= endMs && life.diedMs >= startMs - BLUR_MS;
    if (!isTrue) faults.push(`${id} was not there`);
  }
  for (const [id, life] of lives) {
    const wasThere = belongs(life) && life.bornMs < startMs - BLUR_MS && life.diedMs > endMs;
    if (wasThere && (isWhole || id < last) && !shown.has(id)) faults.push(`${id} is missing`);
  }
  return faults.map((fault) => `${describe(call)}: ${fault}`);
}
