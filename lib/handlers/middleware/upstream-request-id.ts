import type { HttpMiddleware } from '../http-context.ts';

/** Adds `X-Upstream-Request-Id`, the request id of the upstream's last response, to every reply that has one. */
export function upstreamRequestId(): HttpMiddleware {
  const add: NonNullable<HttpMiddleware['after']> = ({ response, context: { http } }) => {
    const id = http?.trace.upstreamRequestId;
    if (response && id) response.headers['x-upstream-request-id'] = id;
  };
  return { after: add, onError: add };
}
