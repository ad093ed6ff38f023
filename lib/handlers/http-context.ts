import type middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Caller, RequestTrace } from '../domain/request-context.ts';
import type { Result } from '../http/reply.ts';
import type { SignableRequest } from '../signing/signed-request.ts';

/** The state of a request in the middlewares. The first one creates it; the later ones add to it. */
export interface HttpExchange {
  /** 32 lower-case hex digits: X-Request-Id of the reply. */
  requestId: string;
  /** The request's id in the access log of API Gateway. */
  gatewayId: string | undefined;
  /** By performance.now(). */
  startedAtMs: number;
  /** ms since 1970, by the clock of the service. Set by `authenticate`. */
  arrivedAtMs?: number;
  /** The API's name. */
  action: string;
  projectId: string | undefined;
  /** Values of the route's parameters, such as `{id}`. */
  params: Readonly<Record<string, string | undefined>>;
  sourceIp: string;
  /** The request as received: signatures are checked against these bytes. */
  request: SignableRequest;
  trace: RequestTrace;
  /** Set by `authenticate`. */
  caller?: Caller;
  /** The checked fields of the body, set by `validate`. */
  body?: unknown;
  /** Set by `idempotencyKey`. */
  idempotencyKey?: string;
}

export interface HttpContext extends Context {
  http: HttpExchange;
}

export type HttpMiddleware = middy.MiddlewareObj<APIGatewayProxyEventV2, Result, Error, HttpContext>;
