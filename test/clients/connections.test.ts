/**
 * Connections to other servers: long headers, proxies and new connections, over real HTTP on loopback.
 * Also tests: lib/clients/node-fetch.ts.
 */
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { awsCall } from '../../lib/clients/aws.ts';
import { useProxies } from '../../lib/clients/connections.ts';
import { sendRequest } from '../../lib/clients/http.ts';
import { NetworkError } from '../../lib/clients/network-error.ts';
import { postWebhook } from '../../lib/webhooks/outbound/post.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

const servers: NetServer[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  useProxies(undefined);
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(server: NetServer): Promise<string> {
  servers.push(server);
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serve = (answer: RequestListener) => listen(createServer({ maxHeaderSize: 65_536 }, answer) as Server);

const get = (url: string, more: { isNewConnection?: boolean } = {}) =>
  sendRequest({ method: 'GET', url, headers: {}, ...more }, 5_000);

/** A proxy that records what it is asked for, and forwards it to `to`. */
async function startProxy(to: string) {
  const asked: string[] = [];
  const [host = '', port = ''] = to.split(':');
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{"from":"proxy"}');
  });
  server.on('connect', (request, socket: Socket, head) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
  });
  return { url: `http://${await listen(server)}`, asked };
}

test('a response header of 17,000 characters is accepted; headers of more than 32 KiB are not', async () => {
  // Source: RFC 9110, section 5.4, leaves the limit to the receiver; the gateway of this service accepts 32 KiB.
  const host = await serve((request, response) => {
    response.writeHead(200, { 'x-subject-token': 'a'.repeat(Number(request.url?.slice(1))) }).end('ok');
  });
  const { headers, text } = await get(`http://${host}/17000`);
  expect([headers.get('x-subject-token')?.length, text]).toEqual([17_000, 'ok']);
  expect((await get(`http://${host}/32000`)).status).toBe(200);
  await expect(get(`http://${host}/40000`)).rejects.toMatchObject({ failure: 'lost' });
});

test('a webhook target may answer with a header of 17,000 characters', async () => {
  const host = await serve((_, response) => void response.writeHead(200, { 'x-long': 'a'.repeat(17_000) }).end());
  const webhook = { url: `http://${host}/`, headers: {}, body: '{}', isPrivateAllowed: true };
  expect((await postWebhook(webhook)).status).toBe(200);
});

test('AWS may answer with a header of 17,000 characters, and not with more than 32 KiB', async () => {
  let length = 17_000;
  const host = await serve((_, response) => void response.writeHead(200, { 'x-long': 'a'.repeat(length) }).end('{}'));
  const aws = { region: 'eu-central-1', accessKeyId: 'a', secretAccessKey: 's' };
  const service = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0', endpoint: `http://${host}` } as const;
  const call = awsCall(aws, service);
  expect(await call('SendMessage', {}, 5_000)).toEqual({});
  length = 40_000;
  await expect(call('SendMessage', {}, 5_000)).rejects.toThrow('Header overflow');
});

test('connections are reused, except by a request that asks for a new one', async () => {
  const ports: (number | undefined)[] = [];
  const host = await serve((request, response) => {
    ports.push(request.socket.remotePort);
    response.end('ok');
  });
  await get(`http://${host}/`);
  await get(`http://${host}/`);
  await get(`http://${host}/`, { isNewConnection: true });
  await get(`http://${host}/`, { isNewConnection: true });
  expect(ports[1]).toBe(ports[0]);
  expect(new Set(ports).size).toBe(3);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a response with content-encoding %s is decoded', async (encoding, encode) => {
  const host = await serve((_, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(encode(Buffer.from('{"a":"ü"}')));
  });
  expect((await get(`http://${host}/`)).text).toBe('{"a":"ü"}');
});

test('a response without a body, and headers that occur twice, are returned', async () => {
  const host = await serve((_, response) => {
    response.writeHead(204, [
      ['x-a', '1'],
      ['x-a', '2'],
    ]);
    response.end();
  });
  const { status, headers, text } = await get(`http://${host}/`);
  expect([status, headers.get('x-a'), text]).toEqual([204, '1, 2', '']);
});

test('requests go through HTTP_PROXY, except to the hosts of NO_PROXY', async () => {
  const host = await serve((_, response) => void response.end('direct'));
  const proxy = await startProxy(host);
  useProxies({ HTTP_PROXY: proxy.url });
  expect((await get(`http://${host}/a`)).text).toBe('{"from":"proxy"}');
  expect((await get(`http://${host}/b`, { isNewConnection: true })).text).toBe('{"from":"proxy"}');
  expect(proxy.asked).toEqual([`GET http://${host}/a`, `GET http://${host}/b`]);
  useProxies({ HTTP_PROXY: proxy.url, NO_PROXY: 'example.com,127.0.0.1' });
  expect((await get(`http://${host}/`)).text).toBe('direct');
});

test('calls to AWS and webhooks to targets go through the proxy too', async () => {
  const host = await serve((_, response) => void response.end('{}'));
  const proxy = await startProxy(host);
  useProxies({ HTTP_PROXY: proxy.url });
  const aws = { region: 'eu-central-1', accessKeyId: 'a', secretAccessKey: 's' };
  const service = {
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    jsonVersion: '1.0',
    endpoint: `http://${host}`,
  } as const;
  expect(await awsCall(aws, service)('GetItem', {}, 5_000)).toEqual({ from: 'proxy' });
  await postWebhook({ url: `http://${host}/hook`, headers: {}, body: '{}', isPrivateAllowed: true });
  expect(proxy.asked).toEqual([`POST http://${host}/`, `POST http://${host}/hook`]);
});

test('HTTPS requests are tunnelled: the proxy sees the host only, and the certificate is checked', async () => {
  let visits = 0;
  const host = await listen(
    createTlsServer(SELF_SIGNED, (_, response) => {
      visits += 1;
      response.end();
    }),
  );
  const proxy = await startProxy(host);
  useProxies({ HTTPS_PROXY: proxy.url });
  await expect(get(`https://${host}/`)).rejects.toMatchObject({ failure: 'untrusted' });
  expect(proxy.asked).toEqual([`CONNECT ${host}`]);
  expect(visits).toBe(0);
});

test('a proxy that cannot be reached, or refuses the tunnel, is `unsent`', async () => {
  const refusing = createServer();
  refusing.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  const proxy = await listen(refusing);
  useProxies({ HTTPS_PROXY: `http://${proxy}` });
  const failure = () =>
    get('https://kms.example.com/').catch((error: unknown) => (error instanceof NetworkError ? error.failure : error));
  expect(await failure()).toBe('unsent');
  await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
  expect(await failure()).toBe('unsent');
});

test.each([
  ['get', `get(url, { headers: {}, timeoutMs: 5000, bytesMax: 10 })`, './lib/clients/get.ts'],
  ['sendRequest', `sendRequest({ method: 'GET', url, headers: {} }, 5000)`, './lib/clients/http.ts'],
])(
  '%s sends nothing to a server with an untrusted certificate, even with NODE_TLS_REJECT_UNAUTHORIZED=0',
  async (name, call, file) => {
    let requests = 0;
    const server = createTlsServer(SELF_SIGNED, (_, response) => {
      requests += 1;
      response.end();
    });
    // The test needs a new process, because Node reads the variable when it starts.
    const script = `import { ${name} } from '${file}';
    const url = 'https://${await listen(server)}/';
    await ${call}.then(({ status }) => console.log(status), ({ failure }) => console.log(failure));`;
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
    expect([stdout, requests]).toEqual(['untrusted\n', 0]);
  },
);
