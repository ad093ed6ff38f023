/**
 * lib/webhooks/outbound/post.ts, with servers that misbehave and names that resolve to private addresses.
 * Also tests: lib/clients/public-request.ts.
 */
import { execFile } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { NetworkError } from '../../../lib/clients/network-error.ts';
import type { Resolve } from '../../../lib/clients/public-address.ts';
import { postWebhook } from '../../../lib/webhooks/outbound/post.ts';
import { SELF_SIGNED } from '../../support/self-signed.ts';

const servers: TcpServer[] = [];
const sockets = new Set<Socket>();
const trusted = getCACertificates('default');
afterEach(() => {
  setDefaultCACertificates(trusted);
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** @returns the port */
async function listen(server: TcpServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Starts a server that counts its connections and requests. */
async function startCountingServer(respond: RequestListener = (_, response) => void response.end()) {
  const counts = { port: 0, connections: 0, requests: 0 };
  const server = createServer((request, response) => {
    counts.requests += 1;
    respond(request, response);
  });
  server.on('connection', () => {
    counts.connections += 1;
  });
  counts.port = await listen(server);
  return counts;
}

const resolveTo =
  (...ips: string[]): Resolve =>
  (_name, _options, callback) =>
    callback(
      null,
      ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

/** A public address without a host. Source: IANA IPv6 Global Unicast Address Assignments: 2d00::/8 is not assigned. */
const UNUSED_PUBLIC_ADDRESS = '2d00::1';

const BODY = '{"type":"grants.changed","reason":"ü"}';

function post(url: string, options: { isPrivateAllowed?: boolean; timeoutMs?: number; resolve?: Resolve } = {}) {
  const { isPrivateAllowed = true, timeoutMs, resolve } = options;
  return postWebhook({ url, headers: { 'webhook-id': 'msg_1' }, body: BODY, isPrivateAllowed }, { timeoutMs, resolve });
}

/** @returns the status, or the message of the NetworkError */
const outcomeOf = (...args: Parameters<typeof post>) =>
  post(...args).then(
    ({ status }) => `status ${status}`,
    (error: unknown) => (error instanceof NetworkError ? error.message : `not a NetworkError: ${error}`),
  );

test('a webhook arrives as it was given, and the result is the status of its response', async () => {
  let received = '';
  const { port } = await startCountingServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    received = `${method} ${url} ${headers['webhook-id']} ${headers['content-length']} ${headers.host} ${Buffer.concat(chunks)}`;
    response.writeHead(202).end('thank you');
  });
  expect(await post(`http://127.0.0.1:${port}/a/b?c=d`)).toEqual({ status: 202 });
  expect(received).toBe(`POST /a/b?c=d msg_1 39 127.0.0.1:${port} ${BODY}`);
});

test.each<[string, number | undefined]>([
  ['120', 120],
  ['soon', undefined],
])('a Retry-After of %s is returned as %p seconds', async (value, seconds) => {
  const { port } = await startCountingServer(
    (_, response) => void response.writeHead(503, { 'retry-after': value }).end(),
  );
  expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ status: 503, retryAfterSeconds: seconds });
});

test.each([301, 302, 303, 307, 308])('a redirect with %i is returned and not followed', async (status) => {
  const elsewhere = await startCountingServer();
  const { port } = await startCountingServer((_, response) => {
    response.writeHead(status, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
  });
  expect(await outcomeOf(`http://127.0.0.1:${port}/`)).toBe(`status ${status}`);
  expect(elsewhere.connections).toBe(0);
});

test.each(['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '127.0.0.1.', 'localhost', 'localhost.'])(
  'without isPrivateAllowed, %s gets no connection',
  async (host) => {
    const server = await startCountingServer();
    const outcome = await outcomeOf(`http://${host}:${server.port}/`, { isPrivateAllowed: false });
    expect(outcome).toMatch(/^no response: unsent: (ERR_ADDRESS_NOT_PUBLIC|ENOTFOUND|EAI_AGAIN)$/);
    if (!host.startsWith('l')) expect(outcome).toBe('no response: unsent: ERR_ADDRESS_NOT_PUBLIC');
    expect(server.connections).toBe(0);
  },
);

test('a name with a private address among public ones gets no connection', async () => {
  const server = await startCountingServer();
  const options = { isPrivateAllowed: false, resolve: resolveTo(UNUSED_PUBLIC_ADDRESS, '127.0.0.1') };
  expect(await outcomeOf(`http://hooks.example.com:${server.port}/`, options)).toBe(
    'no response: unsent: ERR_ADDRESS_NOT_PUBLIC',
  );
  expect(server.connections).toBe(0);
});

test('a name is resolved once per message, and the connection uses the address that was checked', async () => {
  const server = await startCountingServer();
  let lookups = 0;
  // DNS rebinding: a public address first, private addresses afterwards.
  const rebinding: Resolve = (name, options, callback) => {
    lookups += 1;
    resolveTo(lookups === 1 ? UNUSED_PUBLIC_ADDRESS : '127.0.0.1')(name, options, callback);
  };
  const options = { isPrivateAllowed: false, timeoutMs: 300, resolve: rebinding };
  const url = `http://hooks.example.com:${server.port}/`;
  // The address is unreachable or does not respond.
  expect(await outcomeOf(url, options)).toMatch(/^no response: (late|unsent: (?!ERR_ADDRESS))/);
  expect([lookups, server.connections]).toEqual([1, 0]);
  expect(await outcomeOf(url, options)).toBe('no response: unsent: ERR_ADDRESS_NOT_PUBLIC');
  expect([lookups, server.connections]).toEqual([2, 0]);
});

test('each message uses a new connection', async () => {
  const server = await startCountingServer();
  for (const _ of [1, 2, 3]) expect(await outcomeOf(`http://127.0.0.1:${server.port}/`)).toBe('status 200');
  expect(server).toMatchObject({ connections: 3, requests: 3 });
});

test('a refused connection and an unknown name are `unsent`', async () => {
  const port = await listen(createTcpServer());
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  expect(await outcomeOf(`http://127.0.0.1:${port}/`)).toBe('no response: unsent: ECONNREFUSED');
  const resolve: Resolve = (_name, _options, callback) =>
    callback(Object.assign(new Error(), { code: 'ENOTFOUND' }), []);
  expect(await outcomeOf('http://hooks.example.com/', { isPrivateAllowed: false, resolve })).toBe(
    'no response: unsent: ENOTFOUND',
  );
});

test.each([
  ['before the first byte', '', 'ECONNRESET'],
  ['in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-le', 'ECONNRESET'],
  ['after bytes that are not HTTP', 'hello\r\n\r\n', 'HPE_INVALID_CONSTANT'],
  [
    'after a 101 to another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n',
    '.*',
  ],
  ['after headers that are too long', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`, 'HPE_HEADER_OVERFLOW'],
])('a connection that ends %s is `lost`', async (_, bytes, code) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(bytes));
    socket.on('error', () => undefined);
  });
  expect(await outcomeOf(`http://127.0.0.1:${await listen(server)}/`)).toMatch(
    new RegExp(`^no response: lost: ${code}$`),
  );
});

test('no response, slow headers, and a name that is never resolved are `late`', async () => {
  const silent = await startCountingServer(() => undefined);
  expect(await outcomeOf(`http://127.0.0.1:${silent.port}/`, { timeoutMs: 200 })).toMatch(/^no response: late/);
  const dripping = createTcpServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('a: b\r\n'), 20);
    socket.once('close', () => clearInterval(drip)).on('error', () => undefined);
  });
  expect(await outcomeOf(`http://127.0.0.1:${await listen(dripping)}/`, { timeoutMs: 200 })).toMatch(
    /^no response: late/,
  );
  const unresolved = { isPrivateAllowed: false, timeoutMs: 200, resolve: () => undefined };
  expect(await outcomeOf('http://hooks.example.com/', unresolved)).toMatch(/^no response: late/);
});

test.each([202, 500])(
  'a response body that never arrives does not change the status %i, and is awaited only until the time limit',
  async (status) => {
    const stalling = await startCountingServer((_, response) => void response.writeHead(status).write('a'));
    expect(await outcomeOf(`http://127.0.0.1:${stalling.port}/`, { timeoutMs: 200 })).toBe(`status ${status}`);
  },
);

test('an endless response body is not read to the time limit', async () => {
  let sent = 0;
  let isClosed: Promise<unknown> | undefined;
  const endless = await startCountingServer((_, response) => {
    isClosed = new Promise((resolve) => response.once('close', resolve));
    const chunk = Buffer.alloc(1024);
    const flood = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      if (!response.destroyed) response.once('drain', flood);
    };
    flood();
  });
  expect(await outcomeOf(`http://127.0.0.1:${endless.port}/`, { timeoutMs: 20_000 })).toBe('status 200');
  await isClosed;
  // Only what fits into the buffers of both sides.
  expect(sent).toBeLessThan(16 * 1024 * 1024);
});

test('a truncated response body does not change the status', async () => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\ncontent-length: 10\r\n\r\n{"a":'));
    socket.on('error', () => undefined);
  });
  expect(await outcomeOf(`http://127.0.0.1:${await listen(server)}/`)).toBe('status 204');
});

test('an untrusted certificate is `untrusted` and gets no request, even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
  let requests = 0;
  const port = await listen(
    createTlsServer(SELF_SIGNED, (_, response) => {
      requests += 1;
      response.end();
    }),
  );
  const url = `https://127.0.0.1:${port}/`;
  expect(await outcomeOf(url)).toBe('no response: untrusted: DEPTH_ZERO_SELF_SIGNED_CERT');
  // The test needs a new process, because Node reads the variable when it starts.
  const script = `import { postWebhook } from './lib/webhooks/outbound/post.ts';
    const webhook = { url: '${url}', headers: {}, body: '', isPrivateAllowed: true };
    await postWebhook(webhook).then(({ status }) => console.log(status), ({ message }) => console.log(message));`;
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout).toBe('no response: untrusted: DEPTH_ZERO_SELF_SIGNED_CERT\n');
  expect(requests).toBe(0);
});

test('the certificate must match the host name of the URL, not its address', async () => {
  setDefaultCACertificates([...trusted, SELF_SIGNED.cert]);
  const port = await listen(createTlsServer(SELF_SIGNED, (_, response) => void response.end()));
  expect(await outcomeOf(`https://127.0.0.1:${port}/`)).toBe('status 200');
  expect(await outcomeOf(`https://localhost:${port}/`)).toBe('no response: untrusted: ERR_TLS_CERT_ALTNAME_INVALID');
});

test('https to a server without TLS is `untrusted`', async () => {
  const { port } = await startCountingServer();
  expect(await outcomeOf(`https://127.0.0.1:${port}/`)).toMatch(/^no response: untrusted/);
});
