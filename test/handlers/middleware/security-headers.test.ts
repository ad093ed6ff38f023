import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import { securityHeaders } from '../../../lib/handlers/middleware/security-headers.ts';
import { resultOf } from '../../../lib/http/reply.ts';

/** The headers of a reply, and of the reply to an error, both after the middleware. */
async function repliedHeaders() {
  const mapError = {
    onError(request: middy.Request) {
      request.response = resultOf({ error: {} }, 'r');
    },
  };
  const handlerOf = (work: () => object) =>
    middy(async () => work())
      .use(securityHeaders())
      .use(mapError);
  const fail = () => {
    throw new Error('failed');
  };
  const results = await Promise.all([
    Reflect.apply(
      handlerOf(() => resultOf({}, 'r')),
      undefined,
      [{}, {}],
    ),
    Reflect.apply(handlerOf(fail), undefined, [{}, {}]),
  ]);
  return results.map(({ headers }) => headers);
}

const COMMON = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

test('on one machine, replies and errors forbid caching and sniffing, and do not demand HTTPS', async () => {
  for (const headers of await repliedHeaders()) {
    expect(headers).toMatchObject(COMMON);
    expect(headers).not.toHaveProperty('strict-transport-security');
  }
});

describe('deployed', () => {
  beforeEach(() => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'kms-grants-dev-list-grants';
  });
  afterEach(() => {
    delete process.env['AWS_LAMBDA_FUNCTION_NAME'];
  });

  test('replies and errors demand HTTPS as well', async () => {
    for (const headers of await repliedHeaders()) {
      expect(headers).toMatchObject({ ...COMMON, 'strict-transport-security': 'max-age=31536000' });
    }
  });
});
