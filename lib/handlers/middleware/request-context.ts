import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpMiddleware } from '../http-context.ts';

/** The invocation is not an HTTP request: a test event of the console, a warm-up, or another payload format. */
class NotHttpRequestError extends Error {
  override readonly name = 'NotHttpRequestError';

  constructor() {
    super('The event is not an HTTP request. Invoke this function through API Gateway, payload format 2.0.');
  }
}

/**
 * Returns the path percent-encoded. An HTTP API passes `rawPath` and the path parameters decoded, and the parts of a
 * decoded path cannot be told apart. Source: AWS, "Create routes for HTTP APIs".
 */
function pathOf({ routeKey, rawPath, pathParameters }: APIGatewayProxyEventV2): string {
  const [, pattern] = routeKey.split(' ');
  if (pattern === undefined) return rawPath;
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(pathParameters?.[name] ?? ''));
}

/**
 * Creates the exchange: request id, start time, and the request as received.
 * @param name the API's name; the last segment of its route when absent
 * @throws NotHttpRequestError
 */
export function requestContext(name: string | undefined): HttpMiddleware {
  return {
    before({ event, context }) {
      const http = event?.requestContext?.http;
      const received = [http?.method, event?.rawPath, event?.routeKey];
      if (!received.every((field) => typeof field === 'string')) throw new NotHttpRequestError();
      context.http = {
        requestId: randomUUID().replaceAll('-', ''),
        gatewayId: event.requestContext.requestId || undefined,
        startedAtMs: performance.now(),
        action: name ?? event.routeKey.slice(event.routeKey.lastIndexOf('/') + 1),
        projectId: event.pathParameters?.['project_id'],
        params: event.pathParameters ?? {},
        sourceIp: http.sourceIp,
        request: {
          method: http.method,
          path: pathOf(event),
          query: event.rawQueryString ?? '',
          headers: event.headers ?? {},
          body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
        },
        trace: {},
      };
    },
  };
}
