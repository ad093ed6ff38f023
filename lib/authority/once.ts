import { sha256Hex } from '../signing/bytes.ts';
import type { Act } from './authority.ts';

/**
 * How long a request is remembered. A signature is good for 15 minutes on either side of its date, 30 in all; a retry
 * comes within seconds. Longer would turn a client's constant `sequence` into a surprise.
 */
export const ONCE_MS = 60 * 60 * 1000;

/**
 * What is equal when the same request comes twice: caller, project, operation, body, and its `sequence`, or, where it
 * was signed without one, its signature. A request with neither cannot be told from a new one.
 * @returns SHA-256 as hex, or undefined
 */
export function onceKeyOf({ caller, projectId, operation, body, sequence }: Act): string | undefined {
  const mark = sequence !== undefined ? `sequence:${sequence}` : caller.signature && `signature:${caller.signature}`;
  if (mark === undefined) return undefined;
  return sha256Hex([caller.userId, projectId, operation, mark, sha256Hex(body)].join('\n'));
}
