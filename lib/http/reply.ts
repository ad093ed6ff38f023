import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { errorBody, type KmsError } from '../errors.ts';

/** A reply with a status or headers of its own. A plain object returned by an API is a 200 with that body. */
export class Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: string;
  #bytes: Buffer | undefined;

  /** @param body an object, or text that is JSON already; '' for no body */
  constructor(
    body: object | string,
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    this.json = typeof body === 'string' ? body : JSON.stringify(body);
    this.status = status;
    this.headers = headers;
  }

  /** The body as bytes, encoded once: a cached page is sent many times. */
  bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.json);
    return this.#bytes;
  }
}

/** Key under which a result holds its Reply, for a server that sends bytes. Lambda's JSON leaves symbols out. */
export const REPLY = Symbol('reply');

/** A handler's result for API Gateway, payload format 2.0. */
export interface Result extends APIGatewayProxyStructuredResultV2 {
  headers: Record<string, string>;
  [REPLY]?: Reply;
}

/** For every reply: each one carries grants, tokens or the error of a request that asked for them. */
const SECURITY_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Source: RFC 6797, section 6.1. */
const HSTS = { 'strict-transport-security': 'max-age=31536000' };

/** @param isTls whether the service is reached by HTTPS only */
export function securityHeaders(isTls: boolean): Record<string, string> {
  return isTls ? { ...SECURITY_HEADERS, ...HSTS } : SECURITY_HEADERS;
}

/** @param body a Reply, or the body of a 200 */
export function resultOf(body: object, requestId: string): Result {
  const reply = body instanceof Reply ? body : new Reply(body);
  return {
    statusCode: reply.status,
    headers: { ...(reply.json && { 'content-type': 'application/json' }), 'x-request-id': requestId, ...reply.headers },
    body: reply.json,
    [REPLY]: reply,
  };
}

export function errorReply(error: KmsError, requestId: string): Reply {
  const { status, methods } = error;
  // Source: RFC 9110, section 15.5.6.
  const headers = { ...retryHeaders(error), ...(methods && { allow: methods.join(', ') }) };
  return new Reply(errorBody(error, requestId), { status, headers });
}

export function retryHeaders({ retryAfterSeconds }: KmsError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}
