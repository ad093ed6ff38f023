/** The event equals that of API Gateway: an HTTP API with payload format version 2.0. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { splitTarget, toGatewayEvent } from '../../../local/gateway/event.ts';
import { router } from '../../../local/routes.ts';

const KEY = 'DELETE /hooks/{source}/Users/{id}';
const route = router(new Map([KEY, '*'].map((key) => [key, key])));

function eventOf(url: string) {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'DELETE', rawHeaders: ['Host', 'a', 'X-A', '1', 'x-a', '2'] });
  const { path, query } = splitTarget(url);
  const { routeKey, pathParameters } = route('DELETE', path);
  return toGatewayEvent(request, {
    path,
    query,
    routeKey,
    pathParameters,
    sourceIp: '127.0.0.1',
    body: Buffer.alloc(0),
  });
}

// Source: AWS, "Create routes for HTTP APIs": "API Gateway decodes URL-encoded request parameters"; rawPath is decoded
// too, while rawQueryString is not (payload format version 2.0).
test.each([
  ['/hooks/scim/Users/2819c223?a=%20', '/hooks/scim/Users/2819c223', { source: 'scim', id: '2819c223' }],
  ['/hooks/scim/Users/acme%2Fann?a=%20', '/hooks/scim/Users/acme/ann', { source: 'scim', id: 'acme/ann' }],
  ['/hooks/scim/Users/50%2525?a=%20', '/hooks/scim/Users/50%25', { source: 'scim', id: '50%25' }],
  ['/hooks/a%40b/Users/%C3%A9?a=%20', '/hooks/a@b/Users/é', { source: 'a@b', id: 'é' }],
])('the path and the parameters of %s are decoded once, and the query is not', (url, rawPath, pathParameters) => {
  expect(eventOf(url)).toMatchObject({
    routeKey: KEY,
    rawPath,
    rawQueryString: 'a=%20',
    pathParameters,
    headers: { host: 'a', 'x-a': '1,2' },
    requestContext: { routeKey: KEY, http: { method: 'DELETE', path: rawPath } },
  });
});

test('a malformed percent-encoding is refused in a parameter, and elsewhere the path is no route', () => {
  for (const id of ['%', '%zz', '%ff']) {
    expect(() => eventOf(`/hooks/scim/Users/${id}`)).toThrow('The path has a malformed percent-encoding.');
    expect(eventOf(`/${id}`)).toMatchObject({ routeKey: '$default', rawPath: `/${id}`, pathParameters: {} });
  }
});

test('a route without parameters goes before one with parameters, whatever their order', () => {
  const keys = ['POST /hooks/{source}', 'POST /hooks/slack', '*'];
  for (const order of [keys, keys.toReversed()]) {
    const find = router(new Map(order.map((key) => [key, key])));
    expect(find('POST', '/hooks/slack')).toMatchObject({ routeKey: 'POST /hooks/slack', pathParameters: {} });
    expect(find('POST', '/hooks/hr')).toMatchObject({ routeKey: keys[0], pathParameters: { source: 'hr' } });
    expect(find('GET', '/hooks/slack').routeKey).toBe('$default');
  }
});
