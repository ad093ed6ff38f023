import { KmsError } from '../../errors.ts';
import { describeCause, loggedPath, logger } from '../../logger.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** Writes one line for each request. It holds no token, signature or body. */
export function requestLog(): HttpMiddleware {
  const log: NonNullable<HttpMiddleware['after']> = ({ event, context: { http }, response, error }) => {
    if (!http) return logger.error('request', { cause: describeCause(error) });
    const line = {
      request_id: http.requestId,
      gateway_id: http.gatewayId,
      action: http.action,
      // A request that matched no route: its action does not say what the client wanted.
      ...(event.routeKey === '$default' && { method: http.request.method, path: loggedPath(http.request.path) }),
      caller: http.caller?.userId,
      user: http.trace.user,
      project_id: http.caller?.projectId,
      ip: http.sourceIp,
      status: response?.statusCode,
      code: error instanceof KmsError ? error.publicCode : undefined,
      source: http.trace.source,
      job_id: http.trace.jobId,
      upstream_request_id: http.trace.upstreamRequestId,
      ms: Math.round((performance.now() - http.startedAtMs) * 100) / 100,
    };
    const cause = error?.cause;
    if ((response?.statusCode ?? 0) >= 500) logger.error('request', { ...line, cause: describeCause(cause) });
    // Only this service writes the text of a SignatureError; any other cause could repeat what the client sent.
    else logger.info('request', cause instanceof SignatureError ? { ...line, cause: cause.message } : line);
  };
  return { after: log, onError: log };
}
