/** Error replies to requests that do not reach a handler, and their log lines. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorBody, KmsError, knownError } from '../../lib/errors.ts';
import { type Result, securityHeaders } from '../../lib/http/reply.ts';
import { loggedPath, logger } from '../../lib/logger.ts';
import { peerAddress } from './client-address.ts';
import { splitTarget } from './event.ts';

export const newRequestId = () => randomUUID().replaceAll('-', '');

/**
 * Logs the failed request and returns its reply.
 * @param request absent if it could not be parsed
 */
export function errorResult(
  cause: unknown,
  ip: string,
  { request, startedAtMs = performance.now() }: { request?: IncomingMessage; startedAtMs?: number } = {},
): Result {
  const error = knownError(cause);
  const requestId = newRequestId();
  const { status, publicCode: code } = error;
  const ms = Math.round((performance.now() - startedAtMs) * 100) / 100;
  const logFields = {
    request_id: requestId,
    action: 'gateway',
    method: request?.method,
    path: request && loggedPath(splitTarget(request.url).path),
    ip,
    status,
    code,
    ms,
  };
  if (status === 500) logger.error('request', { ...logFields, cause: String(error.cause) });
  else logger.info('request', logFields);
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/json',
      'x-request-id': requestId,
      // The rest of the request may not have been read.
      connection: 'close',
      ...securityHeaders(false),
    },
    body: JSON.stringify(errorBody(error, requestId)),
  };
}

const BAD_HTTP: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'APIGW.0201:408',
  HPE_HEADER_OVERFLOW: 'APIGW.0201:431',
};

/** Replies to bytes that Node could not parse as a request, and closes the connection. */
export function replyToBadHttp(error: NodeJS.ErrnoException, socket: Duplex & { remoteAddress?: string }): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const {
    statusCode = 400,
    headers = {},
    body = '',
  } = errorResult(new KmsError(BAD_HTTP[error.code ?? ''] ?? 'APIGW.0201:400'), peerAddress(socket));
  const headerLines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(
    [
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
      ...headerLines,
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
