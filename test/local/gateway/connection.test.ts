/** Many requests on one connection, sent ahead. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createGateway, drain } from '../../../local/gateway.ts';
import { connectTo, parseResponse, readToEnd } from '../../support/raw-http.ts';
import { startService, type TestService } from '../../support/service.ts';
import { until } from '../../upstream/until.ts';
import { listen } from '../gateway-fixture.ts';

let service: TestService;
let gateway: Server;
let url: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

beforeEach(async () => {
  gateway = await createGateway([]);
  url = await listen(gateway);
});
afterEach(() => drain(gateway, 0));

const GET = 'GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Splits the bytes of several responses. */
const responsesOf = (text: string) => text.split(/(?=HTTP\/1\.1 )/).map(parseResponse);

test('requests that are sent ahead are all answered, in their order', async () => {
  const { project_id, keys } = service.demo;
  const token = await service.token(service.creator);
  const list = (limit: number) => {
    const body = JSON.stringify({ key_id: keys[0]?.key_id, limit });
    const head = `POST /v1.0/${project_id}/kms/list-grants HTTP/1.1\r\nHost: a\r\nX-Auth-Token: ${token}`;
    return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const socket = await connectTo(url);
  socket.write([list(1), GET, list(2), GET, list(3), ...Array(50).fill(GET), LAST].join(''));
  const responses = responsesOf(await readToEnd(socket));
  expect(responses.map(({ status }) => status)).toEqual([200, 404, 200, 404, 200, ...Array(51).fill(404)]);
  expect([0, 2, 4].map((index) => responses[index]?.body.grants.length)).toEqual([1, 2, 3]);
});

test('a long body after other requests on the connection is read whole', async () => {
  const body = JSON.stringify({ filler: 'x'.repeat(60_000) });
  const post = `POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = await connectTo(url);
  socket.write(GET + post + GET + post + LAST);
  expect(responsesOf(await readToEnd(socket)).map(({ status }) => status)).toEqual(Array(5).fill(404));
});

test('a client that sends its last requests and half-closes the connection gets the replies that were begun', async () => {
  const socket = await connectTo(url);
  socket.end(GET);
  expect(responsesOf(await readToEnd(socket))[0]?.status).toBe(404);
});

test('only a few of many requests sent ahead are read, while the first of them is being answered', async () => {
  let begun = 0;
  gateway.on('request', () => {
    begun += 1;
  });
  const count = 600;
  const socket = await connectTo(url);
  // The body of the first request is incomplete, so it cannot be answered yet.
  socket.write(`POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n`);
  await until(() => begun === 1);
  socket.write(`x${GET.repeat(count)}`);
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  const replies = () => received.split('HTTP/1.1 404').length - 1;
  let mostInFlight = 0;
  gateway.on('request', () => {
    mostInFlight = Math.max(mostInFlight, begun - replies());
  });
  await until(() => replies() === count + 1, 20_000);
  // 2 KB hold 60 of these requests. The test reads the replies a little later than they are sent.
  expect(mostInFlight).toBeLessThan(200);
});

test('another client is served while connections have thousands of requests waiting', async () => {
  const flood = GET.repeat(Math.floor((64 * 1024) / GET.length));
  const floods: Socket[] = await Promise.all(Array.from({ length: 10 }, () => connectTo(url)));
  let received = 0;
  for (const socket of floods) {
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    socket.write(flood);
  }
  await until(() => received > 0);
  const before = received;
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  const repliesMeanwhile = (received - before) / 500;
  for (const socket of floods) socket.destroy();
  // All waiting requests together are 18,000.
  expect(repliesMeanwhile).toBeLessThan(5_000);
});
