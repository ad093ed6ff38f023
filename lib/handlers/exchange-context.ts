import type { Caller, RequestContext } from '../domain/request-context.ts';
import type { HttpExchange } from './http-context.ts';

const NOBODY: Caller = { userId: '', domainId: '', roles: [] };

/** Returns the request context of an exchange; the caller is nobody where none was authenticated. */
export function requestContextOf(http: HttpExchange): RequestContext {
  const { body, request } = http;
  const sequence = body !== null && typeof body === 'object' && 'sequence' in body ? body.sequence : undefined;
  return {
    caller: http.caller ?? NOBODY,
    projectId: http.projectId ?? '',
    channel: 'http',
    requestId: http.requestId,
    sequence: typeof sequence === 'string' ? sequence : undefined,
    idempotencyKey: http.idempotencyKey,
    action: http.action,
    body: request.body,
    token: request.headers['x-auth-token'],
    startedAtMs: http.startedAtMs,
    arrivedAtMs: http.arrivedAtMs,
    trace: http.trace,
  };
}
