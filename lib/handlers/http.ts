import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { isOnLambda } from '../config.ts';
import { type Result, resultOf } from '../http/reply.ts';
import { logger } from '../logger.ts';
import { services } from '../services.ts';
import type { Body, Fields } from '../validation/body-parser.ts';
import type { Api, Call } from './api.ts';
import { requestContextOf } from './exchange-context.ts';
import type { HttpContext } from './http-context.ts';
import { authenticate } from './middleware/authenticate.ts';
import { authorize } from './middleware/authorize.ts';
import { bodyLimit } from './middleware/body-limit.ts';
import { errorMapping } from './middleware/error-mapping.ts';
import { idempotencyKey } from './middleware/idempotency-key.ts';
import { requestContext } from './middleware/request-context.ts';
import { requestLog } from './middleware/request-log.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { strictJson } from './middleware/strict-json.ts';
import { upstreamRequestId } from './middleware/upstream-request-id.ts';
import { validate } from './middleware/validate.ts';

/**
 * Creates the Lambda handler of an API. Middy runs `before` in the order of the list, `after` and `onError` in reverse:
 * an error is mapped first, and the log line is written last.
 * @param api.handle returns the body of a 200, or a Reply
 */
export function httpHandler<F extends Fields = Record<never, never>>(
  api: Api<F> & { handle(call: Call<F>): Promise<object> },
) {
  const { fields, malformedBodyCode, initialize } = api;
  if (initialize && isOnLambda())
    void Promise.resolve()
      .then(() => initialize(services()))
      .catch(() => undefined);
  const chain = middy<APIGatewayProxyEventV2, Result, Error, HttpContext>()
    .use(injectLambdaContext(logger, { logEvent: false }))
    .use(requestLog())
    .use(securityHeaders())
    .use(upstreamRequestId())
    .use(errorMapping(api))
    .use(requestContext(api.name))
    .use(authenticate(api))
    .use(authorize(api))
    .use(bodyLimit(api))
    .use(fields ? [strictJson(malformedBodyCode), httpJsonBodyParser(ANY_CONTENT_TYPE), validate(fields, api)] : [])
    .use(fields && 'sequence' in fields ? idempotencyKey() : [])
    .handler(async (_event: APIGatewayProxyEventV2, { http }: HttpContext): Promise<Result> => {
      const { body, request, params, sourceIp } = http;
      const context = requestContextOf(http);
      const call = { ...services(), body: body as Body<F>, context, request, params, sourceIp };
      return resultOf(await api.handle(call), http.requestId);
    });
  // The API's description (openapi/) reads it.
  return Object.assign(chain, { api });
}

/** SDKs and the documents' own samples send JSON under several content types, or under none. */
const ANY_CONTENT_TYPE = { disableContentTypeCheck: true };
