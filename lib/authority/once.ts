import { sha256Hex } from '../signing/bytes.ts';
import type { Act } from './authority.ts';

/**
 * How long a request is remembered. A signature is good for 15 minutes on either side of its date, 30 in all; a retry
 * comes within seconds. Longer would turn a client's constant `sequence` into a surprise.
 */
export const ONCE_MS = 60 * 60 * 1000;

/**
 * What is equal when the same request comes twice: caller, project, API, body, and its `sequence`, or, where it was
 * signed without one, its signature. A request with neither cannot be told from a new one.
 * @returns SHA-256 as hex, or undefined
 */
export function onceKeyOf(act: Act): string | undefined {
  const { sequence, caller, isBulk } = act;
  if (isBulk) return undefined;
  if (sequence !== undefined) return keyOf(act, `sequence:${sequence}`);
  return caller.signature && keyOf(act, `signature:${caller.signature}`);
}

/**
 * Under what a refusal by the rules is remembered: only where the request was signed, so that a captured one that was
 * refused does not take effect later. (One refused for its credentials or role never came this far.) A retry of one's own has a new signature and is judged anew, whatever its `sequence`.
 */
export function refusalKeyOf(act: Act): string | undefined {
  return act.isBulk ? undefined : act.caller.signature && keyOf(act, `refused:${act.caller.signature}`);
}

function keyOf({ caller, projectId, action, body }: Act, mark: string): string {
  return sha256Hex([caller.userId, projectId, action, mark, sha256Hex(body)].join('\n'));
}
