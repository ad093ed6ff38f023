/** The gateway's time limits for clients, and its shutdown. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGateway, drain } from '../../local/gateway.ts';
import { grantIdsOn } from '../support/create.ts';
import { expectError } from '../support/expect-error.ts';
import { connectTo, parseResponse, readToEnd } from '../support/raw-http.ts';
import { startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

let service: TestService;
let gateway: Server;
let url: string;
let keyId: string;
let head: string;
let body: string;

beforeAll(async () => {
  service = await startService();
  const token = await service.token(service.creator);
  const [grant] = service.demo.grants;
  keyId = grant?.key_id ?? '';
  body = JSON.stringify(grant);
  head = [
    `POST /v1.0/${service.demo.project_id}/kms/revoke-grant HTTP/1.1`,
    'Host: a',
    `X-Auth-Token: ${token}`,
    `Content-Length: ${body.length}`,
    '',
    '',
  ].join('\r\n');
});
afterAll(() => service.stop());

beforeEach(async () => {
  gateway = await createGateway([]);
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  if (gateway.listening) await drain(gateway, 0);
});

describe('a client', () => {
  test('has 10 s to send headers, 15 s to send a request, 10 s between requests, and 30 s of silence', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = gateway;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 10_000,
      timeout: 30_000,
    });
  });

  test('that exceeds them gets 408 as JSON, at whatever byte it stopped, and nothing is changed', async () => {
    // Short limits keep the test short; the server checks them once a second.
    gateway.headersTimeout = 100;
    gateway.requestTimeout = 200;
    const rows = await storedRows(service);
    const replies = await Promise.all(
      ['', 'PO', head.slice(0, 60), head.slice(0, -2), head, head + body.slice(0, -1)].map(async (sent) => {
        const socket = await connectTo(url);
        if (sent !== '') socket.write(sent);
        return readToEnd(socket);
      }),
    );
    for (const reply of replies) expectError(parseResponse(reply), [408, 'APIGW.0201']);
    expect(await storedRows(service)).toEqual(rows);
  });

  test.each([
    ['a body', () => head.replace(/Content-Length: .*/, 'Content-Length: 100000'), ' '],
    ['a body in chunks', () => head.replace(/Content-Length: .*/, 'Transfer-Encoding: chunked'), '1\r\n \r\n'],
    ['a header', () => head.slice(0, -2), 'a: b\r\n'],
  ])(
    'that sends %s a few bytes at a time gets 408 when the time for the whole request is over',
    async (_, begin, bytes) => {
      gateway.headersTimeout = 100;
      gateway.requestTimeout = 200;
      const socket = await connectTo(url);
      socket.write(begin());
      const trickle = setInterval(() => socket.writable && socket.write(bytes), 20);
      expectError(parseResponse(await readToEnd(socket)), [408, 'APIGW.0201']);
      clearInterval(trickle);
    },
  );

  test('that drops the connection in the middle of a request changes nothing', async () => {
    const rows = await storedRows(service);
    const connected = once(gateway, 'connection');
    const socket = await connectTo(url);
    const [peer] = await connected;
    const closed = new Promise((resolve) => peer.once('close', resolve));
    socket.write(head + body.slice(0, -1), () => socket.resetAndDestroy());
    await closed;
    expect(await storedRows(service)).toEqual(rows);
  });

  test('that sends nothing after its reply is disconnected', async () => {
    gateway.keepAliveTimeout = 100;
    const socket = await connectTo(url);
    socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
    expectError(parseResponse(await readToEnd(socket)), [404, 'APIGW.0101']);
  });
});

describe('draining', () => {
  test('replies to requests in progress with Connection: close, closes idle connections, and accepts no new ones', async () => {
    const [idle, busy] = [await connectTo(url), await connectTo(url)];
    idle.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    const arrived = once(gateway, 'request');
    busy.write(head + body.slice(0, 10));
    await arrived;

    const drained = drain(gateway, 10_000);
    await readToEnd(idle);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(await grantIdsOn(service, keyId)).toHaveLength(3);

    busy.write(body.slice(10));
    const reply = parseResponse(await readToEnd(busy));
    expect([reply.status, reply.body, reply.headers.get('connection')]).toEqual([200, {}, 'close']);
    await drained;
    expect(await grantIdsOn(service, keyId)).toHaveLength(2);
  });

  test('closes all connections after the timeout', async () => {
    const rows = await storedRows(service);
    const busy = await connectTo(url);
    const arrived = once(gateway, 'request');
    busy.write(head + body.slice(0, -1));
    await arrived;
    await Promise.all([drain(gateway, 50), readToEnd(busy)]);
    expect(await storedRows(service)).toEqual(rows);
  });
});
