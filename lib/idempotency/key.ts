import type { RequestContext } from '../domain/request-context.ts';
import { sha256Hex } from '../signing/bytes.ts';

/**
 * How long a request is remembered. A signature is good for 15 minutes on either side of its date, 30 in all; a retry
 * comes within seconds. Longer would turn a client's constant `sequence` into a surprise.
 */
export const IDEMPOTENCY_WINDOW_MS = 60 * 60 * 1000;

/**
 * What is equal when the same request comes twice: caller, project, API, body, and its `sequence`, or, where it was
 * signed without one, its signature. A request with neither cannot be told from a new one.
 * @returns SHA-256 as hex, or undefined
 */
export function idempotencyKeyOf(context: RequestContext): string | undefined {
  const { sequence, caller, isBulk } = context;
  if (isBulk) return undefined;
  if (sequence !== undefined) return keyOf(context, `sequence:${sequence}`);
  return caller.signature && keyOf(context, `signature:${caller.signature}`);
}

/**
 * Under what a refusal by the rules is remembered: only where the request was signed, so that a captured one that was
 * refused does not take effect later. (One refused for its credentials or role never came this far.) A retry of one's own has a new signature and is judged anew, whatever its `sequence`.
 */
export function refusalKeyOf(context: RequestContext): string | undefined {
  return context.isBulk ? undefined : context.caller.signature && keyOf(context, `refused:${context.caller.signature}`);
}

function keyOf({ caller, projectId, action, body }: RequestContext, mark: string): string {
  return sha256Hex([caller.userId, projectId, action, mark, sha256Hex(body)].join('\n'));
}
