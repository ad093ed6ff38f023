/** The gateway's connection limit. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createGateway, drain } from '../../local/gateway.ts';
import { expectError } from '../support/expect-error.ts';
import { connectTo, parseResponse, readToEnd, sendRaw } from '../support/raw-http.ts';
import { startService, type TestService } from '../support/service.ts';
import { arrival, listen } from './gateway-fixture.ts';

const NOT_FOUND: [number, string] = [404, 'APIGW.0101'];

let service: TestService;
let gateway: Server;
let url: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

beforeEach(async () => {
  gateway = await createGateway([], { maxConnections: 8 });
  url = await listen(gateway);
});
afterEach(() => drain(gateway, 0));

/** Opens a connection that has received a reply and stays open. */
async function openIdle(): Promise<Socket> {
  const socket = await connectTo(url);
  socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

const sendRequest = () => sendRaw(url, 'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');

test('at the connection limit the idle connections are closed, so that a client that retries gets a reply', async () => {
  for (let count = 0; count < 8; count += 1) await openIdle();
  expect(await sendRequest()).toBe('');
  expectError(parseResponse(await sendRequest()), NOT_FOUND);
});

test('at the connection limit a request in progress is not interrupted', async () => {
  const busy = await connectTo(url);
  const arrived = arrival(gateway, 1);
  busy.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{');
  await arrived;
  for (let count = 0; count < 7; count += 1) await openIdle();
  expect(await sendRequest()).toBe('');
  busy.write('}');
  expectError(parseResponse(await readToEnd(busy)), NOT_FOUND);
});
