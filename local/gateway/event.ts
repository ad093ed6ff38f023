/** Builds the event that API Gateway would pass to a function: HTTP API, payload format version 2.0. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** Scheme and host of an absolute request target. Source: RFC 9112, section 3.2.2: a server must accept it. */
const ABSOLUTE_FORM = /^https?:\/\/[^/?]+/i;

/** Splits the request target at the first `?`, without decoding. */
export function splitTarget(url = '/'): { path: string; query: string } {
  const target = url.replace(ABSOLUTE_FORM, '');
  const index = target.indexOf('?');
  return index < 0 ? { path: target, query: '' } : { path: target.slice(0, index), query: target.slice(index + 1) };
}

/** @param parts `path` and `query` as sent, `pathParameters` decoded */
export function toGatewayEvent(
  { method = '', rawHeaders, httpVersion }: IncomingMessage,
  parts: {
    path: string;
    query: string;
    routeKey: string;
    pathParameters: Record<string, string>;
    sourceIp: string;
    body: Buffer;
  },
): APIGatewayProxyEventV2 {
  const { query, routeKey, pathParameters, sourceIp, body } = parts;
  const path = decodedPath(parts.path);
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
      http: { method, path, protocol: `HTTP/${httpVersion}`, sourceIp, userAgent: '' },
      requestId: '',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: nowMs,
    },
  };
}

/** An HTTP API decodes `rawPath`, so that it does not show which slashes were sent as `%2F`. */
function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** As API Gateway does, names are in lower case and the values of a repeated header are joined with a comma. */
function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return headers;
}
