/**
 * The gateway's limits on connections.
 * Also tests: local/gateway/connections.ts.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createGateway, drain } from '../../local/gateway.ts';
import { expectError } from '../support/expect-error.ts';
import { connectTo, parseResponse, readToEnd, sendRaw } from '../support/raw-http.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../upstream/until.ts';
import { arrival, listen } from './gateway-fixture.ts';

const NOT_FOUND: [number, string] = [404, 'APIGW.0101'];

let service: TestService;
let gateway: Server;
let url: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
afterEach(() => drain(gateway, 0));

async function start(options: Parameters<typeof createGateway>[1]): Promise<void> {
  gateway = await createGateway([], options);
  url = await listen(gateway);
}

/** Opens a connection that sends nothing. */
async function openSilent(): Promise<Socket> {
  const accepted = once(gateway, 'connection');
  const socket = await connectTo(url);
  await accepted;
  return socket;
}

/** Opens a connection that has received a reply and stays open. */
async function openIdle(): Promise<Socket> {
  const socket = await connectTo(url);
  socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

/** Opens a connection whose request is being received. */
async function openBusy(): Promise<Socket> {
  const socket = await connectTo(url);
  const arrived = arrival(gateway, 1);
  socket.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{');
  await arrived;
  return socket;
}

/** Holds the reply to the next request. @returns a function that sends it, once the request has arrived */
function holdNextReply(): Promise<() => void> {
  return new Promise((resolve) => {
    gateway.prependOnceListener('request', (_, response) => {
      const end = response.end.bind(response);
      response.end = ((bytes: Buffer) => {
        resolve(() => void end(bytes));
        return response;
      }) as typeof response.end;
    });
  });
}

const sendRequest = () => sendRaw(url, 'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
const expectServed = async () => expectError(parseResponse(await sendRequest()), NOT_FOUND);
const areOpen = (sockets: Socket[]) => sockets.map(({ readyState }) => readyState === 'open');

test.each([
  ['in total', { maxConnections: 4 }],
  ['of its address', { maxConnectionsPerAddress: 4 }],
])('at the limit %s, a new client is served: the oldest connection without a request is closed', async (_, limits) => {
  await start(limits);
  const idle = await openIdle();
  const [first, ...others] = [await openSilent(), await openSilent(), await openSilent()];
  await expectServed();
  await until(() => first?.readyState === 'closed');
  expect(areOpen([idle, ...others])).toEqual([true, true, true]);
});

test('if all connections have had requests, the one that has been idle for the longest time is closed', async () => {
  await start({ maxConnections: 3 });
  const [first, second, third] = [await openIdle(), await openIdle(), await openIdle()];
  first?.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(first as Socket, 'data');
  await expectServed();
  await until(() => second?.readyState === 'closed');
  expect(areOpen([first as Socket, third as Socket])).toEqual([true, true]);
});

test('many silent connections from one address keep nobody out', async () => {
  await start({ maxConnections: 64, maxConnectionsPerAddress: 32 });
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connectTo(url)));
  await expectServed();
  await until(() => areOpen(sockets).filter(Boolean).length <= 32);
});

test('all addresses of one IPv6 /64 count as one, except those of trusted proxies', async () => {
  await start({ maxConnectionsPerAddress: 2, trustedProxies: ['2001:db8::aaaa'] });
  const addresses = ['2001:db8::aaaa', '2001:db8::1', '2001:db8:0:1::1', '2001:db8::2', '2001:db8::3'];
  gateway.prependListener('connection', (socket) => {
    Object.defineProperty(socket, 'remoteAddress', { value: addresses.shift() });
  });
  const sockets: Socket[] = [];
  for (const _ of Array(5)) sockets.push(await openSilent());
  await until(() => sockets[1]?.readyState === 'closed');
  expect(areOpen(sockets)).toEqual([true, false, true, true, true]);
});

test('at the limit, a request that arrives slowly is dropped before an idle connection', async () => {
  await start({ maxConnections: 3, slowRequestMs: 0 });
  const [idle, slow, slower] = [await openIdle(), await openBusy(), await openBusy()];
  await expectServed();
  await until(() => slow.readyState === 'closed');
  expect(areOpen([idle, slower])).toEqual([true, true]);
  slower.write('}');
  expectError(parseResponse(await readToEnd(slower)), NOT_FOUND);
});

test('a request that has arrived, and whose reply takes long, is not dropped', async () => {
  await start({ maxConnections: 1, slowRequestMs: 0 });
  const response = holdNextReply();
  const waiting = await connectTo(url);
  waiting.write('GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const finish = await response;
  expect(await sendRequest()).toBe('');
  finish();
  expectError(parseResponse(await readToEnd(waiting)), NOT_FOUND);
});

test('many requests whose bodies arrive one byte at a time keep nobody out', async () => {
  await start({ maxConnections: 32, slowRequestMs: 0 });
  const sockets = await Promise.all(Array.from({ length: 32 }, () => connectTo(url)));
  for (const socket of sockets) {
    const arrived = arrival(gateway, 1);
    socket.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{');
    await arrived;
  }
  const trickle = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(' ');
  }, 10);
  try {
    for (const _ of Array(5)) await expectServed();
  } finally {
    clearInterval(trickle);
  }
});

test('a request in progress is not interrupted: if all connections are busy, the new one is closed', async () => {
  await start({ maxConnections: 2, slowRequestMs: 60_000 });
  const busy = [await openBusy(), await openBusy()];
  expect(await sendRequest()).toBe('');
  for (const socket of busy) {
    socket.write('}');
    expectError(parseResponse(await readToEnd(socket)), NOT_FOUND);
  }
  await expectServed();
});

test('the connections of a trusted proxy are limited only in total', async () => {
  await start({ maxConnections: 8, maxConnectionsPerAddress: 2, trustedProxies: ['127.0.0.1'] });
  const busy = [await openBusy(), await openBusy(), await openBusy()];
  await expectServed();
  for (const socket of busy) {
    socket.write('}');
    expectError(parseResponse(await readToEnd(socket)), NOT_FOUND);
  }
});
