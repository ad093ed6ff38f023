/** The proxy itself: each fault is what its name says, seen from the client's socket and from the cloud's side. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { type Fault, type FaultProxy, NONE, startProxy } from './proxy.ts';
import { type Elsewhere, startElsewhere } from './remote-processes.ts';
import { until } from './until.ts';

const ANSWER = '{"grants":[],"total":0}';
const HALF = '{"grants":[';
const BODY = '{"key_id":"k","sequence":"s"}';

/** What the cloud was asked. */
let asked: string[];
const cloud = createServer((request, response) => {
  request.toArray().then((chunks) => {
    asked.push(`${request.headers['host']} ${request.url} ${Buffer.concat(chunks)}`);
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'r1' }).end(ANSWER);
  });
});
let proxy: FaultProxy;
let elsewhere: Elsewhere;

beforeAll(async () => {
  cloud.listen(0, '127.0.0.1');
  await once(cloud, 'listening');
  proxy = await startProxy(`http://127.0.0.1:${(cloud.address() as AddressInfo).port}`);
  elsewhere = await startElsewhere();
});
beforeEach(() => {
  asked = [];
  proxy.passages.length = 0;
});
afterAll(async () => {
  await Promise.all([proxy.stop(), elsewhere.stop()]);
  cloud.closeAllConnections();
  cloud.close();
});

interface Seen {
  status?: number;
  headers: Record<string, string>;
  body: string;
  /** How the connection ended: `end`, or the error's code. */
  end: string;
  ms: number;
}

/** One call over a socket of its own. `leaveAfterMs`: the client hangs up then. */
async function call(fault: Fault, leaveAfterMs?: number): Promise<Seen> {
  proxy.choose = () => fault;
  const startMs = performance.now();
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').setEncoding('latin1');
  const lines = ['POST /v1.0/p/kms/list-grants HTTP/1.1', 'Host: kms', `Content-Length: ${BODY.length}`];
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${BODY}`);
  if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
  let text = '';
  let end = 'left';
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

test('without a fault the answer is the cloud’s own, and the cloud gets all but the sequence', async () => {
  const seen = await call(NONE);
  expect(seen).toMatchObject({ status: 200, body: ANSWER, end: 'end' });
  expect(seen.headers).toMatchObject({ 'x-request-id': 'r1', 'content-type': 'application/json' });
  expect(asked).toEqual(['kms /v1.0/p/kms/list-grants {"key_id":"k"}']);
  expect(proxy.passages).toMatchObject([{ action: 'list-grants', body: { sequence: 's' }, fault: 'none' }]);
});

test('the sequence stays where a signature covers it', async () => {
  const keeping = await startProxy(`http://127.0.0.1:${(cloud.address() as AddressInfo).port}`, {
    keepsSequence: true,
  });
  await fetch(`${keeping.url}/v1.0/p/kms/list-grants`, { method: 'POST', body: BODY });
  expect(asked).toEqual([expect.stringContaining(BODY)]);
  await keeping.stop();
});

test.each<{ fault: Fault; sees: object }>([
  { fault: faults.lostAnswer, sees: { end: 'ECONNRESET', body: '' } },
  { fault: faults.cutAnswer, sees: { end: 'ECONNRESET' } },
  { fault: faults.halfJson, sees: { status: 200, body: HALF, end: 'end' } },
  { fault: faults.halfJsonLying, sees: { status: 200, body: HALF, end: 'end' } },
  { fault: faults.wrongType, sees: { status: 200, body: ANSWER } },
  { fault: faults.drip(100), sees: { status: 200, body: `${' '.repeat(20)}${ANSWER}` } },
  { fault: faults.delayAfter(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.delayBefore(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.lateWork(50), sees: { status: 200, body: ANSWER } },
  { fault: faults.lostBehindDoor, sees: { status: 502 } },
])('the cloud does the work: $fault.name', async ({ fault, sees }) => {
  expect(await call(fault)).toMatchObject(sees);
  expect(asked).toHaveLength(1);
  expect(proxy.passages).toMatchObject([
    { fault: fault.name, cloud: { status: 200, headers: { 'x-request-id': 'r1' } } },
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
])('the cloud hears nothing: $fault.name', async ({ fault, sees }) => {
  expect(await call(fault)).toMatchObject(sees);
  expect(asked).toEqual([]);
  expect(proxy.passages).toMatchObject([{ fault: fault.name }]);
});

test('the lengths told: half of the JSON has its own, the lying half that of all', async () => {
  expect((await call(faults.halfJson)).headers['content-length']).toBe('11');
  expect((await call(faults.halfJsonLying)).headers['content-length']).toBe('23');
});

test('JSON called text/html is called so', async () => {
  expect((await call(faults.wrongType)).headers['content-type']).toBe('text/html');
});

test('delays and drips take their time', async () => {
  for (const slow of [faults.delayBefore(60), faults.delayAfter(60), faults.drip(60)]) {
    expect((await call(slow)).ms).toBeGreaterThanOrEqual(59);
  }
});

test.each([301, 302, 307, 308] as const)(
  '%i names elsewhere, and nobody goes there unless it follows',
  async (status) => {
    const seen = await call(faults.moved(status, elsewhere.url));
    expect(seen).toMatchObject({ status, headers: { location: `${elsewhere.url}/v1.0/x/kms/y` } });
    expect(elsewhere.visits).toEqual([]);
  },
);

test('elsewhere notices a visit', async () => {
  await fetch(`${elsewhere.url}/v1.0/x/kms/y`, { method: 'POST' });
  expect(elsewhere.visits.splice(0)).toEqual(['POST /v1.0/x/kms/y']);
});

test('a call whose client has gone is not handed on, save where the work is to be late', async () => {
  await call(faults.delayBefore(100), 20);
  await call(faults.lateWork(100), 20);
  await until(() => proxy.passages[1]?.cloud !== undefined);
  expect(asked).toHaveLength(1);
  expect(proxy.passages[0]).not.toHaveProperty('handedOnAtMs');
  expect(proxy.passages[1]).toMatchObject({ handedOnAtMs: expect.any(Number), cloud: { status: 200 } });
});

test('connections are refused until it listens again, at the same address', async () => {
  proxy.refuse();
  expect(await call(NONE)).toMatchObject({ end: 'ECONNREFUSED' });
  await proxy.listen();
  expect(await call(NONE)).toMatchObject({ status: 200, body: ANSWER });
});

test('of all this nothing was a mishap of its own', () => {
  expect(proxy.mishaps).toEqual([]);
});
