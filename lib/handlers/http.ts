/**
 * The pipeline of every API: request id, caller, project, role, body, fields, handle, reply, log. Down once, up once.
 * Nothing else knows middy or the shape of an API Gateway event.
 */
import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Caller, RequestContext, RequestTrace } from '../domain/request-context.ts';
import { type ErrorCode, KmsError, knownError } from '../errors.ts';
import { errorReply, type Result, resultOfReply } from '../http/reply.ts';
import { isAllowed, type Permission } from '../identity/roles.ts';
import { describeCause, logger } from '../logger.ts';
import { type Services, services } from '../services.ts';
import { signedProject } from '../signing/sdk-hmac.ts';
import { type SignableRequest, SignatureError } from '../signing/signed-request.ts';
import { type Body, bodyParser, type Fields } from '../validation/fields.ts';
import { parseBody } from '../validation/json-body.ts';

/** The largest body taken. Real ones are under 3 KB. */
export const BODY_BYTES_MAX = 64 * 1024;

/** What an API's own code gets. */
export interface Call<F extends Fields> extends Services {
  body: Body<F>;
  context: RequestContext;
  request: SignableRequest;
  /** What the route names, such as `{id}`. */
  params: Readonly<Record<string, string | undefined>>;
  sourceIp: string;
}

export interface Api<F extends Fields> {
  /** The permission it takes; or `caller`, anyone with credentials; or `anyone`. */
  access: Permission | 'caller' | 'anyone';
  /** The API's name for the log, where the last segment of its route is none. */
  name?: string;
  /** Whether no other KMS has this API: where one judges the caller's role, this one is judged here all the same. */
  isExtension?: boolean;
  /** Whether the route names no project, and it is the caller's own: that of the token, or X-Project-Id of who signs. */
  usesCallerProject?: boolean;
  /** Left out where the body is not looked at. */
  fields?: F;
  /** Whether a body with other fields, or with a null, is refused. */
  rejectsUnknownFields?: boolean;
  /** The code of a body that is no JSON object, where the API has one of its own. */
  malformedBodyCode?: ErrorCode;
  /** Whether it is about the embedded directory: where another IAM tells who is calling, there is no such API here. */
  requiresDirectory?: boolean;
  /** @returns the body of a 200, or a Reply */
  handle(call: Call<F>): Promise<object>;
}

/** One request on its way through. */
export interface Exchange {
  requestId: string;
  /** What API Gateway calls the request in its access log. */
  gatewayId: string | undefined;
  startedAtMs: number;
  /** The API's name: the last segment of its route. */
  action: string;
  projectId: string | undefined;
  params: Readonly<Record<string, string | undefined>>;
  sourceIp: string;
  request: SignableRequest;
  caller?: Caller;
  body?: unknown;
  trace: RequestTrace;
}

/** Makes the handler of one API. */
export function httpHandler<F extends Fields = Record<never, never>>({
  access,
  fields,
  rejectsUnknownFields = false,
  malformedBodyCode,
  requiresDirectory = false,
  usesCallerProject = false,
  isExtension = false,
  name,
  handle,
}: Api<F>) {
  const check = fields && bodyParser(fields, { isExact: rejectsUnknownFields });

  /** Who calls, and may they: before the body is parsed. */
  async function admit(exchange: Exchange): Promise<void> {
    if (requiresDirectory && services().config.keystone) throw new KmsError('APIGW.0101', { detail: ELSEWHERE });
    if (access === 'anyone') return;
    const { authenticator, config, checksRoles } = services();
    const named = usesCallerProject ? signedProject(exchange.request) : exchange.projectId;
    const caller = await authenticator.authenticate(exchange.request, named, exchange.sourceIp);
    exchange.caller = caller;
    if (access === 'caller') return;
    if (usesCallerProject) exchange.projectId = caller.projectId;
    const { projectId } = exchange;
    if (projectId === undefined || caller.projectId !== projectId) throw new KmsError('KMS.0321');
    if (config.projects && !config.projects.includes(projectId)) throw new KmsError('KMS.0321', { detail: NOT_SERVED });
    if ((checksRoles || isExtension) && !isAllowed(caller.roles, access))
      throw new KmsError('KMS.0307', { detail: `The role lacks ${access}.` });
  }

  function parse(exchange: Exchange): void {
    if (exchange.request.body.length > BODY_BYTES_MAX) throw new KmsError('KMS.0203');
    if (check) exchange.body = check(parseBody(exchange.request.body, malformedBodyCode));
  }

  async function run(exchange: Exchange): Promise<Result> {
    const { request, sourceIp, params } = exchange;
    const call = {
      ...services(),
      body: exchange.body as Body<F>,
      context: contextOf(exchange),
      request,
      params,
      sourceIp,
    };
    return resultOfReply(exchange, await handle(call));
  }

  return middy<APIGatewayProxyEventV2 | Exchange, Result>((exchange: unknown) => run(exchange as Exchange), {
    requestEnd: (request) => logRequest(request.event as Exchange, request),
  })
    .before((request) => {
      request.event = exchangeOf(request.event as APIGatewayProxyEventV2, name);
    })
    .before((request) => admit(request.event as Exchange))
    .before((request) => parse(request.event as Exchange))
    .onError((request) => {
      const error = knownError(request.error);
      const exchange = request.event as Exchange;
      request.error = error;
      request.response = resultOfReply(exchange, errorReply(error, exchange.requestId));
    });
}

function exchangeOf(event: APIGatewayProxyEventV2, name: string | undefined): Exchange {
  const { http, requestId: gatewayId } = event.requestContext;
  return {
    requestId: randomUUID().replaceAll('-', ''),
    gatewayId,
    startedAtMs: performance.now(),
    action: name ?? event.routeKey.slice(event.routeKey.lastIndexOf('/') + 1),
    params: event.pathParameters ?? {},
    projectId: event.pathParameters?.['project_id'],
    sourceIp: http.sourceIp,
    request: {
      method: http.method,
      path: event.rawPath,
      query: event.rawQueryString,
      headers: event.headers,
      body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    },
    trace: {},
  };
}

function contextOf({
  requestId,
  startedAtMs,
  action,
  projectId,
  request,
  caller = NOBODY,
  body,
  trace,
}: Exchange): RequestContext {
  const sequence = (body as { sequence?: string } | undefined)?.sequence;
  return {
    caller,
    projectId: projectId ?? '',
    channel: 'http',
    requestId,
    sequence,
    action,
    body: request.body,
    token: request.headers['x-auth-token'],
    startedAtMs,
    trace,
  };
}

const NOT_SERVED = 'This service does not serve that project.';
const ELSEWHERE = 'Tokens and projects come from the IAM that this service asks.';
const NOBODY: Caller = { userId: '', domainId: '', roles: [] };

/** One line a request. The cause of a refusal is told only where our own words are all it can hold. */
function logRequest(exchange: Exchange, { response, error }: middy.Request): void {
  const line = {
    request_id: exchange.requestId,
    gateway_id: exchange.gatewayId || undefined,
    action: exchange.action,
    caller: exchange.caller?.userId,
    project_id: exchange.caller?.projectId,
    ip: exchange.sourceIp,
    status: response?.statusCode,
    code: error instanceof KmsError ? error.publicCode : undefined,
    source: exchange.trace.source,
    job_id: exchange.trace.jobId,
    upstream_request_id: exchange.trace.upstreamRequestId,
    ms: Math.round((performance.now() - exchange.startedAtMs) * 100) / 100,
  };
  const cause = error?.cause;
  if ((response?.statusCode ?? 0) >= 500) logger.error('request', { ...line, cause: describeCause(cause) });
  else logger.info('request', cause instanceof SignatureError ? { ...line, cause: cause.message } : line);
}
