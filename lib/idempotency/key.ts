import type { RequestContext } from '../domain/request-context.ts';
import { sha256Hex } from '../signing/bytes.ts';

/**
 * How long a record is valid. A signed request can be replayed for 30 minutes, 15 on either side of its date; retries
 * come within seconds.
 */
export const IDEMPOTENCY_WINDOW_MS = 60 * 60 * 1000;

/**
 * The key under which the answer to a request is recorded: caller, project, API, body, and the request's `sequence` and
 * Idempotency-Key.
 * @returns SHA-256 as hex; undefined for a request with neither: a repeat of it is a new request
 */
export function idempotencyKeyOf(context: RequestContext): string | undefined {
  const { sequence, idempotencyKey, isBulk } = context;
  if (isBulk) return undefined;
  if (idempotencyKey !== undefined) return keyOf(context, `key:${JSON.stringify([idempotencyKey, sequence])}`);
  return sequence === undefined ? undefined : keyOf(context, `sequence:${sequence}`);
}

/**
 * The key under which a signed request is recorded, so that nobody can make a captured request take effect again.
 * @returns SHA-256 as hex; undefined for a request that is not signed
 */
export function signatureKeyOf(context: RequestContext): string | undefined {
  return signatureKey(context, 'signature');
}

/** The key under which versions up to 0.2 recorded that a signed request was refused. */
export function oldRefusalKeyOf(context: RequestContext): string | undefined {
  return signatureKey(context, 'refused');
}

function signatureKey(context: RequestContext, mark: string): string | undefined {
  return context.isBulk ? undefined : context.caller.signature && keyOf(context, `${mark}:${context.caller.signature}`);
}

/** The marks are part of stored keys, so they stay as version 0.1 wrote them. */
function keyOf({ caller, projectId, action, body }: RequestContext, mark: string): string {
  return sha256Hex([caller.userId, projectId, action, mark, sha256Hex(body)].join('\n'));
}
