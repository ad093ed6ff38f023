/** Posting to servers that behave badly, and to names that lead where nothing may be sent. */
import { execFile } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { NetworkError } from '../../../lib/clients/network-error.ts';
import { postWebhook } from '../../../lib/webhooks/outbound/post.ts';
import type { Resolve } from '../../../lib/webhooks/outbound/public-address.ts';
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

/** A server that counts who comes. */
async function counting(answer: RequestListener = (_, response) => void response.end()) {
  const counted = { port: 0, connections: 0, visits: 0 };
  const server = createServer((request, response) => {
    counted.visits += 1;
    answer(request, response);
  });
  server.on('connection', () => {
    counted.connections += 1;
  });
  counted.port = await listen(server);
  return counted;
}

const resolving =
  (...ips: string[]): Resolve =>
  (_name, _options, callback) =>
    callback(
      null,
      ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

/** Public, and given to nobody. Source: IANA IPv6 Global Unicast Address Assignments: 2d00::/8 is not assigned. */
const NOBODYS = '2d00::1';

const BODY = '{"type":"grants.changed","reason":"ü"}';

function post(url: string, options: { isPrivateAllowed?: boolean; timeoutMs?: number; resolve?: Resolve } = {}) {
  const { isPrivateAllowed = true, timeoutMs, resolve } = options;
  return postWebhook({ url, headers: { 'webhook-id': 'msg_1' }, body: BODY, isPrivateAllowed }, { timeoutMs, resolve });
}

/** How it ended, in words. */
const ended = (...args: Parameters<typeof post>) =>
  post(...args).then(
    ({ status }) => `answer ${status}`,
    (error: unknown) => (error instanceof NetworkError ? error.message : `not a NetworkError: ${error}`),
  );

test('what is sent arrives as it is; the answer is its status', async () => {
  let received = '';
  const { port } = await counting(async (request, response) => {
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
])('Retry-After: %s is handed on as %p seconds', async (value, seconds) => {
  const { port } = await counting((_, response) => void response.writeHead(503, { 'retry-after': value }).end());
  expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ status: 503, retryAfterSeconds: seconds });
});

test.each([301, 302, 303, 307, 308])('a redirect with %i is an answer and not followed', async (status) => {
  const elsewhere = await counting();
  const { port } = await counting((_, response) => {
    response.writeHead(status, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
  });
  expect(await ended(`http://127.0.0.1:${port}/`)).toBe(`answer ${status}`);
  expect(elsewhere.connections).toBe(0);
});

test.each(['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '127.0.0.1.', 'localhost', 'localhost.'])(
  'where only public addresses are allowed, %s gets no connection',
  async (host) => {
    const counted = await counting();
    const end = await ended(`http://${host}:${counted.port}/`, { isPrivateAllowed: false });
    expect(end).toMatch(/^no response: unsent: (ERR_ADDRESS_NOT_PUBLIC|ENOTFOUND|EAI_AGAIN)$/);
    if (!host.startsWith('l')) expect(end).toBe('no response: unsent: ERR_ADDRESS_NOT_PUBLIC');
    expect(counted.connections).toBe(0);
  },
);

test('a name with one private address among public ones gets no connection', async () => {
  const counted = await counting();
  const options = { isPrivateAllowed: false, resolve: resolving(NOBODYS, '127.0.0.1') };
  expect(await ended(`http://hooks.example.com:${counted.port}/`, options)).toBe(
    'no response: unsent: ERR_ADDRESS_NOT_PUBLIC',
  );
  expect(counted.connections).toBe(0);
});

test('a name is looked up once for each message, and what was checked is what is connected to', async () => {
  const counted = await counting();
  let lookUps = 0;
  // Public first, private from then on: what a name server of an attacker would say.
  const rebinding: Resolve = (name, options, callback) => {
    lookUps += 1;
    resolving(lookUps === 1 ? NOBODYS : '127.0.0.1')(name, options, callback);
  };
  const options = { isPrivateAllowed: false, timeoutMs: 300, resolve: rebinding };
  const url = `http://hooks.example.com:${counted.port}/`;
  // There is no way there, or nobody answers.
  expect(await ended(url, options)).toMatch(/^no response: (late|unsent: (?!ERR_ADDRESS))/);
  expect([lookUps, counted.connections]).toEqual([1, 0]);
  expect(await ended(url, options)).toBe('no response: unsent: ERR_ADDRESS_NOT_PUBLIC');
  expect([lookUps, counted.connections]).toEqual([2, 0]);
});

test('no connection is kept for the next message', async () => {
  const counted = await counting();
  for (const _ of [1, 2, 3]) expect(await ended(`http://127.0.0.1:${counted.port}/`)).toBe('answer 200');
  expect(counted).toMatchObject({ connections: 3, visits: 3 });
});

test('nobody listens, or the name is not found: unsent', async () => {
  const port = await listen(createTcpServer());
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  expect(await ended(`http://127.0.0.1:${port}/`)).toBe('no response: unsent: ECONNREFUSED');
  const resolve: Resolve = (_name, _options, callback) =>
    callback(Object.assign(new Error(), { code: 'ENOTFOUND' }), []);
  expect(await ended('http://hooks.example.com/', { isPrivateAllowed: false, resolve })).toBe(
    'no response: unsent: ENOTFOUND',
  );
});

test.each([
  ['before a byte came', '', 'ECONNRESET'],
  ['in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-le', 'ECONNRESET'],
  ['with what is no HTTP', 'hello\r\n\r\n', 'HPE_INVALID_CONSTANT'],
  ['for another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n', '.*'],
  ['after a head without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`, 'HPE_HEADER_OVERFLOW'],
])('the connection ends %s: lost', async (_, bytes, code) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(bytes));
    socket.on('error', () => undefined);
  });
  expect(await ended(`http://127.0.0.1:${await listen(server)}/`)).toMatch(new RegExp(`^no response: lost: ${code}$`));
});

test('silence, a head that drips, and a name that nobody resolves: late', async () => {
  const silent = await counting(() => undefined);
  expect(await ended(`http://127.0.0.1:${silent.port}/`, { timeoutMs: 200 })).toMatch(/^no response: late/);
  const dripping = createTcpServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('a: b\r\n'), 20);
    socket.once('close', () => clearInterval(drip)).on('error', () => undefined);
  });
  expect(await ended(`http://127.0.0.1:${await listen(dripping)}/`, { timeoutMs: 200 })).toMatch(/^no response: late/);
  const unresolved = { isPrivateAllowed: false, timeoutMs: 200, resolve: () => undefined };
  expect(await ended('http://hooks.example.com/', unresolved)).toMatch(/^no response: late/);
});

test.each([202, 500])(
  'a body that never comes after %i changes nothing about the answer, and is not waited for long',
  async (status) => {
    const stalling = await counting((_, response) => void response.writeHead(status).write('a'));
    expect(await ended(`http://127.0.0.1:${stalling.port}/`, { timeoutMs: 200 })).toBe(`answer ${status}`);
  },
);

test('a body without end is not read on, however much time there is', async () => {
  let sent = 0;
  let isClosed: Promise<unknown> | undefined;
  const endless = await counting((_, response) => {
    isClosed = new Promise((resolve) => response.once('close', resolve));
    const chunk = Buffer.alloc(1024);
    const flood = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      if (!response.destroyed) response.once('drain', flood);
    };
    flood();
  });
  expect(await ended(`http://127.0.0.1:${endless.port}/`, { timeoutMs: 20_000 })).toBe('answer 200');
  await isClosed;
  // What fits in the buffers of both sides has been sent by then.
  expect(sent).toBeLessThan(16 * 1024 * 1024);
});

test('a body that is broken off changes nothing about the answer', async () => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\ncontent-length: 10\r\n\r\n{"a":'));
    socket.on('error', () => undefined);
  });
  expect(await ended(`http://127.0.0.1:${await listen(server)}/`)).toBe('answer 204');
});

test('a certificate that nobody trusts: untrusted, and nothing was asked, whatever the environment says', async () => {
  let visits = 0;
  const port = await listen(
    createTlsServer(SELF_SIGNED, (_, response) => {
      visits += 1;
      response.end();
    }),
  );
  const url = `https://127.0.0.1:${port}/`;
  expect(await ended(url)).toBe('no response: untrusted: DEPTH_ZERO_SELF_SIGNED_CERT');
  // In a process of its own: what is set here, Node would not see.
  const script = `import { postWebhook } from './lib/webhooks/outbound/post.ts';
    const webhook = { url: '${url}', headers: {}, body: '', isPrivateAllowed: true };
    await postWebhook(webhook).then(({ status }) => console.log(status), ({ message }) => console.log(message));`;
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout).toBe('no response: untrusted: DEPTH_ZERO_SELF_SIGNED_CERT\n');
  expect(visits).toBe(0);
});

test('over TLS, the certificate must be for the name of the URL, not for the address that it leads to', async () => {
  setDefaultCACertificates([...trusted, SELF_SIGNED.cert]);
  const port = await listen(createTlsServer(SELF_SIGNED, (_, response) => void response.end()));
  expect(await ended(`https://127.0.0.1:${port}/`)).toBe('answer 200');
  expect(await ended(`https://localhost:${port}/`)).toBe('no response: untrusted: ERR_TLS_CERT_ALTNAME_INVALID');
});

test('no TLS where it should be: untrusted', async () => {
  const { port } = await counting();
  expect(await ended(`https://127.0.0.1:${port}/`)).toMatch(/^no response: untrusted/);
});
