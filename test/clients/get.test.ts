/**
 * One GET request, against servers on loopback that misbehave.
 * Also tests: lib/clients/response-text.ts.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { get, getText } from '../../lib/clients/get.ts';
import { NetworkError } from '../../lib/clients/network-error.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

const LIMITS = { headers: { accept: 'application/json' }, timeoutMs: 5_000, bytesMax: 1_000 };

/** Returns the failure of a request, or the status of its response. */
const outcomeOf = (url: string, limits: object = {}) =>
  get(url, { ...LIMITS, ...limits }).then(
    ({ status }) => `status ${status}`,
    (error: unknown) => (error instanceof NetworkError ? error.failure : String(error)),
  );

test('a document is returned with its status, also compressed, and the headers are sent', async () => {
  let accept: string | undefined;
  const url = await serve((request, response) => {
    accept = request.headers.accept;
    response.writeHead(404, { 'content-encoding': 'gzip' }).end(gzipSync('no such list'));
  });
  expect(await get(url, LIMITS)).toEqual({ status: 404, text: 'no such list' });
  expect(accept).toBe('application/json');
});

test('the text of a document is returned, and a status other than 200 is an error', async () => {
  const url = await serve((request, response) => {
    response.writeHead(request.url === '/keys' ? 200 : 203).end('a list');
  });
  expect(await getText(url, LIMITS)).toBe('a list');
  await expect(getText(`${url}/other`, LIMITS)).rejects.toThrow('status 203');
});

test('a redirect is returned and not followed', async () => {
  let requests = 0;
  const url = await serve((_request, response) => {
    requests += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect(await outcomeOf(url)).toBe('status 302');
  expect(requests).toBe(1);
});

test('a body that is longer than the limit is a failure, however well it compresses', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
  });
  expect(await outcomeOf(url)).toBe('lost');
  expect(await outcomeOf(url, { bytesMax: 1_000_000 })).toBe('status 200');
});

test('a server that does not answer in time, or that nobody runs, is a failure', async () => {
  const silent = await serve(() => undefined);
  expect(await outcomeOf(silent, { timeoutMs: 50 })).toBe('late');
  servers.pop()?.closeAllConnections();
  const closed = await serve(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await outcomeOf(closed)).toBe('unsent');
});
