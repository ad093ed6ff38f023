/**
 * `fetch` over node:http. The `fetch` of Node.js has no options for the size of headers, for proxies and for a new
 * connection: these need the package undici, which is larger than a bundle may be.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { keptConnections, newConnections } from './connections.ts';

/** Until the TCP connection is open. Nothing was sent before that. */
const CONNECT_MS = 10_000;

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Returns a `fetch` that follows no redirect. It takes a Request.
 * @param options.isNewConnection whether each request opens a connection of its own
 */
export function nodeFetch({ isNewConnection }: { isNewConnection: boolean }) {
  return async (input: Request): Promise<Response> => {
    const { method, signal } = input;
    const url = new URL(input.url);
    const isTls = url.protocol === 'https:';
    const agents = isNewConnection ? newConnections() : keptConnections();
    const body = Buffer.from(await input.arrayBuffer());
    const headers = {
      'accept-encoding': 'gzip, deflate, br',
      ...Object.fromEntries(input.headers),
      ...(method !== 'GET' && { 'content-length': body.length }),
    };
    const head = Promise.withResolvers<IncomingMessage>();
    const request = (isTls ? requestHttps : requestHttp)(url, {
      method,
      headers,
      agent: isTls ? agents.https : agents.http,
      signal,
    });
    request.once('socket', limitConnectTime);
    request.once('response', head.resolve).on('error', head.reject);
    // A 101 (Switching Protocols) closes the connection without an error event.
    request.once('close', () => head.reject(new Error('the connection ended without a response')));
    request.end(body);
    return responseOf(await head.promise);
  };
}

function limitConnectTime(socket: Socket): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ERR_CONNECT_TIMEOUT' }));
  }, CONNECT_MS);
  const stop = () => clearTimeout(timer);
  socket.once('connect', stop).once('close', stop);
}

/** Source: Fetch standard, "null body status". */
const NULL_BODY_STATUSES = [204, 205, 304];

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = message;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  if (NULL_BODY_STATUSES.includes(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const decoder = DECODERS[headers.get('content-encoding')?.trim().toLowerCase() ?? '']?.();
  // An error ends the decoder, whose reader gets it.
  const stream = decoder ? pipeline(message, decoder, () => undefined) : message;
  return new Response(Readable.toWeb(stream as Readable) as ReadableStream, { status, headers });
}
