import type { RequestContext } from '../domain/request-context.ts';
import { sha256Hex } from '../signing/bytes.ts';

/**
 * How long a record is valid. A signed request can be replayed for 30 minutes, 15 on either side of its date; retries
 * come within seconds. A longer window would make a client's constant `sequence` more surprising.
 */
export const IDEMPOTENCY_WINDOW_MS = 60 * 60 * 1000;

/**
 * The key under which the answer to a request is recorded: caller, project, API, body and the request's `sequence`, or
 * its signature when it has no `sequence`.
 * @returns SHA-256 as hex; undefined for a request with neither: a repeat of it looks like a new request
 */
export function idempotencyKeyOf(context: RequestContext): string | undefined {
  const { sequence, caller, isBulk } = context;
  if (isBulk) return undefined;
  if (sequence !== undefined) return keyOf(context, `sequence:${sequence}`);
  return caller.signature && keyOf(context, `signature:${caller.signature}`);
}

/**
 * The key under which the refusal of a signed request is recorded, so that a captured request which was refused cannot
 * take effect later. A client's own retry has a new signature and is checked again, whatever its `sequence`.
 * @returns SHA-256 as hex; undefined for a request that is not signed
 */
export function refusalKeyOf(context: RequestContext): string | undefined {
  return context.isBulk ? undefined : context.caller.signature && keyOf(context, `refused:${context.caller.signature}`);
}

/** The marks are part of stored keys, so they stay as version 0.1 wrote them. */
function keyOf({ caller, projectId, action, body }: RequestContext, mark: string): string {
  return sha256Hex([caller.userId, projectId, action, mark, sha256Hex(body)].join('\n'));
}
