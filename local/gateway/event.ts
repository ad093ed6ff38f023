/** The payload-2.0 event that API Gateway would make of a request. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** The scheme and host of a request to a proxy, which a server must take too. */
const ABSOLUTE_FORM = /^https?:\/\/[^/?]+/i;

/** The request target's path and query, as they came. */
export function splitTarget(url = '/'): { path: string; query: string } {
  const target = url.replace(ABSOLUTE_FORM, '');
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

export function toGatewayEvent(
  { method = '', rawHeaders, socket, httpVersion }: IncomingMessage,
  parts: { path: string; query: string; routeKey: string; pathParameters: Record<string, string>; body: Buffer },
): APIGatewayProxyEventV2 {
  const { path, query, routeKey, pathParameters, body } = parts;
  const isText = isUtf8(body);
  const nowMs = Date.now();
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers: joinedHeaders(rawHeaders),
    pathParameters,
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: { method, path, protocol: `HTTP/${httpVersion}`, sourceIp: socket.remoteAddress ?? '', userAgent: '' },
      requestId: '',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: nowMs,
    },
  };
}

/** Lower-case names; a repeated header's values joined with a comma, as API Gateway does. */
function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return headers;
}
