import { afterEach, expect, jest, test } from '@jest/globals';
import { httpHandler } from '../../../lib/handlers/http.ts';
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
