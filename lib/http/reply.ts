import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { errorBody, type KmsError } from '../errors.ts';
import type { Exchange } from '../handlers/http.ts';

/** A reply that is more than a 200 with an object. `body` as text is JSON already. */
export class Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly json: string;
  #bytes: Buffer | undefined;

  constructor(
    body: object | string,
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    this.json = typeof body === 'string' ? body : JSON.stringify(body);
    this.status = status;
    this.headers = headers;
  }

  /** The body as bytes, made once: a reply may be sent many times. */
  bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.json);
    return this.#bytes;
  }
}

/** Where a result names the reply it was made of, for who sends bytes. A symbol, so that Lambda leaves it out. */
export const REPLY = Symbol('reply');

/** What a handler answers API Gateway. */
export type Result = APIGatewayProxyStructuredResultV2 & { [REPLY]?: Reply };

export function errorReply(error: KmsError, requestId: string): Reply {
  const { status, retryAfterSeconds } = error;
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return new Reply(errorBody(error, requestId), { status, headers });
}

export function resultOfReply({ requestId }: Exchange, value: object): Result {
  const reply = value instanceof Reply ? value : new Reply(value);
  return {
    statusCode: reply.status,
    headers: { ...(reply.json && { 'content-type': 'application/json' }), 'x-request-id': requestId, ...reply.headers },
    body: reply.json,
    [REPLY]: reply,
  };
}
