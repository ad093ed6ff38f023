import { afterEach, expect, jest, test } from '@jest/globals';
import { httpHandler } from '../../../lib/handlers/http.ts';
import type { HttpExchange } from '../../../lib/handlers/http-context.ts';
import { requestContext } from '../../../lib/handlers/middleware/request-context.ts';
import { logger } from '../../../lib/logger.ts';

const lines = jest.spyOn(logger, 'error').mockImplementation(() => {});
afterEach(() => {
  lines.mockClear();
});

const handler = httpHandler({ access: 'anyone', handle: async () => ({}) });
const invoke = (event: unknown) => Reflect.apply(handler, undefined, [event, { functionName: 'list-grants' }]);

test.each([
  ['the default test event of the console', { key1: 'value1', key2: 'value2' }],
  ['a warm-up event', { source: 'serverless-plugin-warmup' }],
  ['payload format 1.0', { version: '1.0', httpMethod: 'POST', path: '/', requestContext: { requestId: 'r' } }],
  ['payload format 2.0 without a route', { rawPath: '/', requestContext: { http: { method: 'POST' } } }],
  ['a scheduled event', { 'detail-type': 'Scheduled Event', detail: {} }],
  ['no event', null],
])('an event that is not an HTTP request fails the invocation and leaves a clear log line: %s', async (_, event) => {
  const message = 'The event is not an HTTP request. Invoke this function through API Gateway, payload format 2.0.';
  await expect(invoke(event)).rejects.toThrow(message);
  expect(lines.mock.calls).toEqual([['request', { cause: expect.stringContaining(message) }]]);
});

// Source: AWS, "Create routes for HTTP APIs": request parameters are decoded; `rawPath` is decoded too.
test.each([
  ['GET /hooks/jobs/{id}', { id: 'acme/50%25 é' }, '/hooks/jobs/acme%2F50%2525%20%C3%A9'],
  ['POST /v1.0/{project_id}/kms/list-keys', { project_id: 'p' }, '/v1.0/p/kms/list-keys'],
  ['$default', undefined, '/decoded path'],
])('the path of %s, over which a client signs, is percent-encoded', (routeKey, pathParameters, path) => {
  const http = { method: 'GET', path: '/decoded path', sourceIp: '192.0.2.1' };
  const event = { routeKey, rawPath: http.path, pathParameters, headers: {}, requestContext: { http } };
  const context: { http?: HttpExchange } = {};
  Reflect.apply(requestContext('job').before ?? (() => {}), undefined, [{ event, context }]);
  expect([context.http?.request.path, context.http?.params]).toEqual([path, pathParameters ?? {}]);
});
