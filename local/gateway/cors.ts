/** CORS headers for browsers. API Gateway sends the same ones when deployed: deploy/api.yml. */
import type { IncomingMessage } from 'node:http';

/**
 * Returns a function that gives the CORS headers for an Origin header, or undefined if that origin may not call.
 * @param origins origins from which browsers may call
 */
export function corsHeaders(
  origins: readonly string[],
): (origin: string | undefined) => Record<string, string> | undefined {
  return (origin) =>
    origin !== undefined && origins.includes(origin)
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET,POST,DELETE',
          'access-control-allow-headers':
            'content-type,x-auth-token,x-subject-token,authorization,x-sdk-date,x-project-id,idempotency-key',
          'access-control-expose-headers': 'x-request-id,x-upstream-request-id,x-subject-token,retry-after',
          'access-control-max-age': '600',
          vary: 'Origin',
        }
      : undefined;
}

/** Whether the request is a CORS preflight request. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && Boolean(headers['access-control-request-method']);
}
