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

test('a request in progress is not interrupted: if all connections are busy, the new one is closed', async () => {
  await start({ maxConnections: 2 });
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
