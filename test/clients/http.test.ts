/** One exchange with servers that behave badly. */
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

const listening = (answer: RequestListener): Promise<string> => listen(createServer(answer) as Server);

const get = (url: string, timeoutMs = 5_000) => sendRequest({ method: 'GET', url, headers: {} }, timeoutMs);

/** Why there is no answer. */
const failing = (url: string, timeoutMs?: number) =>
  get(url, timeoutMs).then(
    ({ status }) => `answer ${status}`,
    (error: unknown) => (error instanceof NetworkError ? error.failure : String(error)),
  );

test('what is sent arrives as it is, and the answer comes back whole', async () => {
  let received = '';
  const host = await listening(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    received = `${method} ${url} ${headers['content-type']} ${headers['x-a']} ${headers['content-length']} ${headers.host} ${Buffer.concat(chunks)}`;
    response.writeHead(418, { 'x-request-id': 'r1' }).end('ü');
  });
  const headers = { 'content-type': 'application/json', 'x-a': 'b' };
  const body = '{"name":"ü"}';
  const answer = await sendRequest({ method: 'POST', url: `http://${host}/a/b`, headers, body }, 5_000);
  expect(received).toBe(`POST /a/b application/json b 13 ${host} {"name":"ü"}`);
  expect({ ...answer, headers: answer.headers.get('x-request-id') }).toEqual({ status: 418, headers: 'r1', text: 'ü' });
});

test('a redirect is an answer and not followed', async () => {
  let visits = 0;
  const elsewhere = await listening((_, response) => {
    visits += 1;
    response.end();
  });
  const host = await listening((_, response) => {
    response.writeHead(307, { location: `http://${elsewhere}/` }).end();
  });
  expect(await failing(`http://${host}/`)).toBe('answer 307');
  expect(visits).toBe(0);
});

test.each([408, 425, 503])('what is answered %i is not sent again by itself', async (status) => {
  let visits = 0;
  const host = await listening((request, response) => {
    visits += 1;
    request.resume().once('end', () => response.writeHead(status).end());
  });
  const request = { method: 'POST', url: `http://${host}/`, headers: {}, body: '{}' } as const;
  expect((await sendRequest(request, 5_000)).status).toBe(status);
  expect(visits).toBe(1);
});

test('nobody listens: unsent', async () => {
  const host = await listening(() => undefined);
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  expect(await failing(`http://${host}/`)).toBe('unsent');
});

test('a certificate that nobody trusts: untrusted, and nothing was asked', async () => {
  let visits = 0;
  const host = await listen(
    createTlsServer(SELF_SIGNED, (_, response) => {
      visits += 1;
      response.end();
    }),
  );
  expect(await failing(`https://${host}/`)).toBe('untrusted');
  expect(visits).toBe(0);
});

test('no TLS where it should be: untrusted', async () => {
  const host = await listening((_, response) => void response.end());
  expect(await failing(`https://${host}/`)).toBe('untrusted');
});

test.each<[string, string]>([
  ['before a byte came', ''],
  ['in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a":'],
  ['in the middle of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"a":'],
  ['with what is no HTTP', 'hello\r\n\r\n'],
])('the connection ends %s: lost', async (_, bytes) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(bytes));
    socket.on('error', () => undefined);
  });
  expect(await failing(`http://${await listen(server)}/`)).toBe('lost');
});

test('silence, and a body that drips: late', async () => {
  const silent = await listening(() => undefined);
  expect(await failing(`http://${silent}/`, 200)).toBe('late');
  const dripping = await listening((_, response) => {
    const drip = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(drip));
  });
  expect(await failing(`http://${dripping}/`, 300)).toBe('late');
});

test.each<[string, RequestListener]>([
  ['as it is', (_, response) => void response.end(Buffer.alloc(4 * 1024 * 1024 + 1))],
  [
    'once unpacked',
    (_, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
  ],
])('an answer that is too long %s: lost', async (_, answer) => {
  expect(await failing(`http://${await listening(answer)}/`)).toBe('lost');
});
