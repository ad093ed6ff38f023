import { isOnLambda } from '../../config.ts';
import { securityHeaders as headersOf } from '../../http/reply.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** Adds the security headers to every reply, errors included. */
export function securityHeaders(): HttpMiddleware {
  const headers = headersOf(isOnLambda());
  const add: NonNullable<HttpMiddleware['after']> = ({ response }) => {
    if (response) Object.assign(response.headers, headers);
  };
  return { after: add, onError: add };
}
