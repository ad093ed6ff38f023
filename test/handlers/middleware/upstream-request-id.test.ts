import { expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { HttpContext } from '../../../lib/handlers/http-context.ts';
import { upstreamRequestId } from '../../../lib/handlers/middleware/upstream-request-id.ts';
import { resultOf } from '../../../lib/http/reply.ts';

/** The headers of a reply, and of the reply to an error, both after the middleware. */
async function repliedHeaders(trace: HttpContext['http']['trace']) {
  const mapError = {
    onError(request: middy.Request) {
      request.response = resultOf({ error: {} }, 'r');
    },
  };
  const handlerOf = (work: () => object) =>
    middy(async () => work())
      .use(upstreamRequestId())
      .use(mapError);
  const fail = () => {
    throw new Error('failed');
  };
  const call = (work: () => object) => Reflect.apply(handlerOf(work), undefined, [{}, { http: { trace } }]);
  const results = await Promise.all([call(() => resultOf({}, 'r')), call(fail)]);
  return results.map(({ headers }) => headers['x-upstream-request-id']);
}

test('replies and errors carry the request id of the upstream, if there is one', async () => {
  expect(await repliedHeaders({ upstreamRequestId: 'cloud-1' })).toEqual(['cloud-1', 'cloud-1']);
  expect(await repliedHeaders({})).toEqual([undefined, undefined]);
});
