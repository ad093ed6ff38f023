/** What browsers of other origins are told. */
import type { IncomingMessage } from 'node:http';

/**
 * Prepares the headers of replies to a browser; undefined for an origin that may not call.
 * @param origins that a browser may call from
 */
export function corsHeaders(
  origins: readonly string[],
): (origin: string | undefined) => Record<string, string> | undefined {
  return (origin) =>
    origin !== undefined && origins.includes(origin)
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET,POST',
          'access-control-allow-headers':
            'content-type,x-auth-token,x-subject-token,authorization,x-sdk-date,x-project-id',
          'access-control-expose-headers': 'x-request-id,x-subject-token,retry-after',
          'access-control-max-age': '600',
          vary: 'Origin',
        }
      : undefined;
}

/** Is this a browser that asks before it sends? */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && Boolean(headers['access-control-request-method']);
}
