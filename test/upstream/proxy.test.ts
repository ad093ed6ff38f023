/** Tests of the fault proxy: the effect of each fault, as the client's socket and the upstream see it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { type Fault, type FaultProxy, NONE, startProxy } from './proxy.ts';
import { type RedirectTarget, startRedirectTarget } from './redirect-target.ts';
import { until } from './until.ts';

const ANSWER = '{"grants":[],"total":0}';
const HALF = '{"grants":[';
const BODY = '{"key_id":"k","sequence":"s"}';

/** The requests that the upstream received: host, path and body. */
let received: string[];
const upstream = createServer((request, response) => {
  request.toArray().then((chunks) => {
    received.push(`${request.headers['host']} ${request.url} ${Buffer.concat(chunks)}`);
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'r1' }).end(ANSWER);
  });
});
let proxy: FaultProxy;
let redirectTarget: RedirectTarget;

beforeAll(async () => {
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  proxy = await startProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
  redirectTarget = await startRedirectTarget();
});
beforeEach(() => {
  received = [];
  proxy.proxiedCalls.length = 0;
});
afterAll(async () => {
  await Promise.all([proxy.stop(), redirectTarget.stop()]);
  upstream.closeAllConnections();
  upstream.close();
});

interface ObservedResponse {
  status?: number;
  headers: Record<string, string>;
  body: string;
  /** How the connection ended: `end`, or the error's code. */
  end: string;
  ms: number;
}

/** Sends one call on a new socket, which is closed after `leaveAfterMs` if given. */
async function call(fault: Fault, leaveAfterMs?: number): Promise<ObservedResponse> {
  proxy.choose = () => fault;
  const startMs = performance.now();
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').setEncoding('latin1');
  const lines = ['POST /v1.0/p/kms/list-grants HTTP/1.1', 'Host: kms', `Content-Length: ${BODY.length}`];
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${BODY}`);
  if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
  let text = '';
  let end = 'closed by the client';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('end', () => {
    end = 'end';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end = error.code ?? '';
  });
  await once(socket, 'close').catch(() => undefined);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [first = '', ...rest] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d+)/.exec(first)?.[1];
  return {
    ...(status && { status: Number(status) }),
    headers: Object.fromEntries(rest.map((line) => line.toLowerCase().split(': ') as [string, string])),
    body,
    end,
    ms: performance.now() - startMs,
  };
}

test("without a fault the proxy returns the upstream's response, and forwards the body without its sequence", async () => {
  const response = await call(NONE);
  expect(response).toMatchObject({ status: 200, body: ANSWER, end: 'end' });
  expect(response.headers).toMatchObject({ 'x-request-id': 'r1', 'content-type': 'application/json' });
  expect(received).toEqual(['kms /v1.0/p/kms/list-grants {"key_id":"k"}']);
  expect(proxy.proxiedCalls).toMatchObject([{ action: 'list-grants', body: { sequence: 's' }, fault: 'none' }]);
});

test('with keepsSequence the body is forwarded unchanged', async () => {
  const keeping = await startProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, {
    keepsSequence: true,
  });
  await fetch(`${keeping.url}/v1.0/p/kms/list-grants`, { method: 'POST', body: BODY });
  expect(received).toEqual([expect.stringContaining(BODY)]);
  await keeping.stop();
});

test.each<{ fault: Fault; sees: object }>([
  { fault: faults.lostResponse, sees: { end: 'ECONNRESET', body: '' } },
  { fault: faults.cutResponse, sees: { end: 'ECONNRESET' } },
  { fault: faults.halfJson, sees: { status: 200, body: HALF, end: 'end' } },
  { fault: faults.halfJsonLying, sees: { status: 200, body: HALF, end: 'end' } },
  { fault: faults.wrongType, sees: { status: 200, body: ANSWER } },
  { fault: faults.drip(100), sees: { status: 200, body: `${' '.repeat(20)}${ANSWER}` } },
  { fault: faults.delayAfter(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.delayBefore(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.lateWork(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.lostInGateway, sees: { status: 502 } },
])('a fault after the upstream has handled the call: $fault.name', async ({ fault, sees }) => {
  expect(await call(fault)).toMatchObject(sees);
  expect(received).toHaveLength(1);
  expect(proxy.proxiedCalls).toMatchObject([
    { fault: fault.name, upstream: { status: 200, headers: { 'x-request-id': 'r1' } } },
  ]);
});

test.each<{ fault: Fault; sees: object }>([
  { fault: faults.resetBefore, sees: { end: 'ECONNRESET', body: '' } },
  { fault: faults.html200, sees: { status: 200, headers: expect.objectContaining({ 'content-type': 'text/html' }) } },
  { fault: faults.html502, sees: { status: 502 } },
  { fault: faults.html503, sees: { status: 503, body: expect.stringContaining('<html>') } },
  { fault: faults.empty504, sees: { status: 504, body: '' } },
  { fault: faults.emptyList, sees: { status: 200, body: '[]' } },
  { fault: faults.otherShape, sees: { status: 200, body: expect.stringMatching(/^\{.*\}$/) } },
  {
    fault: faults.throttled,
    sees: { status: 429, headers: expect.not.objectContaining({ 'retry-after': expect.anything() }) },
  },
  { fault: faults.throttledFor('1'), sees: { status: 429, headers: expect.objectContaining({ 'retry-after': '1' }) } },
  {
    fault: faults.nestedError(400, 'KMS.0205', 'm'),
    sees: { body: '{"error":{"error_code":"KMS.0205","error_msg":"m"}}' },
  },
  {
    fault: faults.flatError(403, 'APIGW.0302', 'm'),
    sees: { body: expect.stringMatching(/^\{"error_msg":"m","error_code":"APIGW.0302"/) },
  },
  {
    fault: faults.keystoneError(401, 'Unauthorized', 'm'),
    sees: { status: 401, body: '{"error":{"code":401,"message":"m","title":"Unauthorized"}}' },
  },
])('a fault without a call of the upstream: $fault.name', async ({ fault, sees }) => {
  expect(await call(fault)).toMatchObject(sees);
  expect(received).toEqual([]);
  expect(proxy.proxiedCalls).toMatchObject([{ fault: fault.name }]);
});

test('the fault halfJson sends half of a body with the length of that half, halfJsonLying with the length of the whole body', async () => {
  expect((await call(faults.halfJson)).headers['content-length']).toBe('11');
  expect((await call(faults.halfJsonLying)).headers['content-length']).toBe('23');
});

test('wrongType has the content type text/html', async () => {
  expect((await call(faults.wrongType)).headers['content-type']).toBe('text/html');
});

test('delayBefore, delayAfter and drip take the given time', async () => {
  for (const slow of [faults.delayBefore(60), faults.delayAfter(60), faults.drip(60)]) {
    expect((await call(slow)).ms).toBeGreaterThanOrEqual(59);
  }
});

test.each([301, 302, 307, 308] as const)(
  'a redirect with %i has the Location of the redirect target',
  async (status) => {
    const response = await call(faults.moved(status, redirectTarget.url));
    expect(response).toMatchObject({ status, headers: { location: `${redirectTarget.url}/v1.0/x/kms/y` } });
    expect(redirectTarget.requests).toEqual([]);
  },
);

test('the redirect target records a request', async () => {
  await fetch(`${redirectTarget.url}/v1.0/x/kms/y`, { method: 'POST' });
  expect(redirectTarget.requests.splice(0)).toEqual(['POST /v1.0/x/kms/y']);
});

test('a call whose client has disconnected is not forwarded, except by lateWork', async () => {
  await call(faults.delayBefore(100), 20);
  await call(faults.lateWork(100), 20);
  await until(() => proxy.proxiedCalls[1]?.upstream !== undefined);
  expect(received).toHaveLength(1);
  expect(proxy.proxiedCalls[0]).not.toHaveProperty('forwardedAtMs');
  expect(proxy.proxiedCalls[1]).toMatchObject({ forwardedAtMs: expect.any(Number), upstream: { status: 200 } });
});

test('refuse() makes the proxy refuse connections; listen() makes it accept them again at the same address', async () => {
  proxy.refuse();
  expect(await call(NONE)).toMatchObject({ end: 'ECONNREFUSED' });
  await proxy.listen();
  expect(await call(NONE)).toMatchObject({ status: 200, body: ANSWER });
});

test('the proxy has recorded no errors of its own', () => {
  expect(proxy.errors).toEqual([]);
});
