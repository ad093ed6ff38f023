import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { RequestContext, RequestTrace } from '../domain/request-context.ts';
import { type Result, resultOf } from '../http/reply.ts';
import { logger } from '../logger.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import { type ReceiverServices, receiverServices } from '../webhooks/inbound/services.ts';
import type { Api } from './api.ts';
import { requestContextOf } from './exchange-context.ts';
import type { HttpContext } from './http-context.ts';
import { bodyLimit } from './middleware/body-limit.ts';
import { errorMapping } from './middleware/error-mapping.ts';
import { requestContext } from './middleware/request-context.ts';
import { requestLog } from './middleware/request-log.ts';
import { securityHeaders } from './middleware/security-headers.ts';

/** The part of a call that describes the webhook. The other part is the services of the process. */
interface ReceivedCall {
  request: SignableRequest;
  /** Values of the route's parameters, such as `{source}`. */
  params: Readonly<Record<string, string | undefined>>;
  /** No caller is authenticated, so `caller` has no user and no roles. */
  context: RequestContext & { trace: RequestTrace };
}

export type ReceiverCall<S extends ReceiverServices = ReceiverServices> = S & ReceivedCall;

/**
 * Creates the Lambda handler of an API that receives webhooks: the source's signature takes the place of a caller's
 * credentials, so nobody is authenticated here, and the body is not parsed before it is verified.
 * @param api.handle returns the body of a 200, or a Reply
 * @param services returns the services of the process
 */
export function receiverHandler<S extends ReceiverServices = ReceiverServices>(
  api: Pick<Api, 'name' | 'bodyBytesMax' | 'errorReplyOf'> & { handle(call: ReceiverCall<S>): Promise<object> },
  services: () => S = receiverServices as () => S,
) {
  const chain = middy<APIGatewayProxyEventV2, Result, Error, HttpContext>()
    .use(injectLambdaContext(logger, { logEvent: false }))
    .use(requestLog())
    .use(securityHeaders())
    .use(errorMapping(api))
    .use(requestContext(api.name))
    .use(bodyLimit(api))
    .handler(async (_event: APIGatewayProxyEventV2, { http }: HttpContext): Promise<Result> => {
      const { request, params, trace, requestId } = http;
      const call = { ...services(), request, params, context: { ...requestContextOf(http), trace } };
      return resultOf(await api.handle(call), requestId);
    });
  // The API's description (openapi/) reads it.
  return Object.assign(chain, { api: { ...api, access: 'anyone' as const } });
}
