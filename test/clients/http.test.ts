/**
 * lib/clients/http.ts and network-error.ts, against servers on loopback that misbehave.
 * Also tests: lib/clients/network-error.ts.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { sendRequest } from '../../lib/clients/http.ts';
import { NetworkError } from '../../lib/clients/network-error.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

const servers: TcpServer[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(server: TcpServer): Promise<string> {
  servers.push(server);
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (answer: RequestListener): Promise<string> => listen(createServer(answer) as Server);

const get = (url: string, timeoutMs = 5_000) => sendRequest({ method: 'GET', url, headers: {} }, timeoutMs);

/** @returns the failure of a GET request, or the status of its response */
const failureOf = (url: string, timeoutMs?: number) =>
  get(url, timeoutMs).then(
    ({ status }) => `status ${status}`,
    (error: unknown) => (error instanceof NetworkError ? error.failure : String(error)),
  );

test('a request arrives as it was given, and its response is returned complete', async () => {
  let received = '';
  const host = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    received = `${method} ${url} ${headers['content-type']} ${headers['x-a']} ${headers['content-length']} ${headers.host} ${Buffer.concat(chunks)}`;
    response.writeHead(418, { 'x-request-id': 'r1' }).end('ü');
  });
  const headers = { 'content-type': 'application/json', 'x-a': 'b' };
  const body = '{"name":"ü"}';
  const response = await sendRequest({ method: 'POST', url: `http://${host}/a/b`, headers, body }, 5_000);
  expect(received).toBe(`POST /a/b application/json b 13 ${host} {"name":"ü"}`);
  expect({ ...response, headers: response.headers.get('x-request-id') }).toEqual({
    status: 418,
    headers: 'r1',
    text: 'ü',
  });
});

test('sendRequest sends the body of a PATCH request', async () => {
  const host = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(`${request.method} ${request.headers['content-length']} ${Buffer.concat(chunks)}`);
  });
  const request = { method: 'PATCH', url: `http://${host}/`, headers: {}, body: '{"a":1}' } as const;
  expect((await sendRequest({ ...request, isNewConnection: true }, 5_000)).text).toBe('PATCH 7 {"a":1}');
});

test('a redirect is returned and not followed', async () => {
  let visits = 0;
  const elsewhere = await serve((_, response) => {
    visits += 1;
    response.end();
  });
  const host = await serve((_, response) => {
    response.writeHead(307, { location: `http://${elsewhere}/` }).end();
  });
  expect(await failureOf(`http://${host}/`)).toBe('status 307');
  expect(visits).toBe(0);
});

test.each([408, 425, 503])('a request that gets %i is not sent again', async (status) => {
  let visits = 0;
  const host = await serve((request, response) => {
    visits += 1;
    request.resume().once('end', () => response.writeHead(status).end());
  });
  const request = { method: 'POST', url: `http://${host}/`, headers: {}, body: '{}' } as const;
  expect((await sendRequest(request, 5_000)).status).toBe(status);
  expect(visits).toBe(1);
});

test('a refused connection is `unsent`', async () => {
  const host = await serve(() => undefined);
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  expect(await failureOf(`http://${host}/`)).toBe('unsent');
});

test('an untrusted certificate is `untrusted`, and no request is sent', async () => {
  let visits = 0;
  const host = await listen(
    createTlsServer(SELF_SIGNED, (_, response) => {
      visits += 1;
      response.end();
    }),
  );
  expect(await failureOf(`https://${host}/`)).toBe('untrusted');
  expect(visits).toBe(0);
});

test('https to a server without TLS is `untrusted`', async () => {
  const host = await serve((_, response) => void response.end());
  expect(await failureOf(`https://${host}/`)).toBe('untrusted');
});

test.each<[string, string]>([
  ['before the first byte', ''],
  ['in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a":'],
  ['in the middle of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"a":'],
  ['after bytes that are not HTTP', 'hello\r\n\r\n'],
])('a connection that ends %s is `lost`', async (_, bytes) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(bytes));
    socket.on('error', () => undefined);
  });
  expect(await failureOf(`http://${await listen(server)}/`)).toBe('lost');
});

test('no response, and a body that arrives too slowly, are `late`', async () => {
  const silent = await serve(() => undefined);
  expect(await failureOf(`http://${silent}/`, 200)).toBe('late');
  const dripping = await serve((_, response) => {
    const drip = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(drip));
  });
  expect(await failureOf(`http://${dripping}/`, 300)).toBe('late');
});

test.each<[string, RequestListener]>([
  ['as sent', (_, response) => void response.end(Buffer.alloc(4 * 1024 * 1024 + 1))],
  [
    'after decompression',
    (_, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
  ],
])('a response of more than 4 MiB %s is `lost`', async (_, answer) => {
  expect(await failureOf(`http://${await serve(answer)}/`)).toBe('lost');
});
