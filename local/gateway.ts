/** API Gateway's part on one machine: node:http in front of the same handlers, with the same events. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { REPLY, type Result } from '../lib/endpoint.ts';
import { ERRORS, type ErrorCode, errorBody, KmsError, knownError, wireCode } from '../lib/errors.ts';
import { logger } from '../lib/log.ts';
import { readRoutes, router } from './routes.ts';

type Handler = (event: APIGatewayProxyEventV2, context: object) => Promise<Result>;

/** What is read of a body before the connection is dropped; the APIs themselves take far less. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Bounds on what clients may hold open. */
const LIMITS = {
  maxConnections: 1024,
  maxHeaderBytes: 32 * 1024,
  /** From the first byte of a request to its last. */
  requestMs: 15_000,
  headersMs: 10_000,
  keepAliveMs: 60_000,
  /** Silence on a connection in the middle of a reply. */
  idleMs: 30_000,
};

/**
 * Makes the server; it does not listen yet.
 * @param corsOrigins origins that a browser may call from
 */
export async function createGateway(corsOrigins: readonly string[]): Promise<Server> {
  const handlers = new Map<string, Handler>();
  for (const { key, handler } of readRoutes()) {
    const [file, name = ''] = handler.split('.');
    const module = (await import(`../${file}.ts`)) as Record<string, Handler>;
    const found = module[name];
    if (!found) throw new Error(`serverless.yml names ${handler}, which is not there`);
    handlers.set(key, found);
  }
  const route = router(handlers);
  const cors = corsHeaders(corsOrigins);

  async function answer(request: IncomingMessage): Promise<Result> {
    if (request.headers.host === undefined) throw new KmsError('APIGW.0201:400', { detail: 'Host is missing.' });
    const body = await readBody(request);
    const [path = '', query = ''] = splitOnce((request.url ?? '/').replace(ABSOLUTE_FORM, ''), '?');
    const { target, routeKey, pathParameters } = route(request.method ?? '', path);
    return target(eventOf(request, { path, query, routeKey, pathParameters, body }), {});
  }

  function serve(
    request: IncomingMessage,
    response: ServerResponse,
    work: (request: IncomingMessage) => Promise<Result>,
  ) {
    const startedAtMs = performance.now();
    const extra = cors(request.headers.origin);
    work(request)
      .catch((error: unknown) => refusal(error, request.socket, startedAtMs))
      .then((result) => send(server, response, result, extra))
      .catch(() => response.destroy());
  }

  const server = createServer({
    maxHeaderSize: LIMITS.maxHeaderBytes,
    requestTimeout: LIMITS.requestMs,
    headersTimeout: LIMITS.headersMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    connectionsCheckingInterval: 1_000,
    // Checked by `answer`, which replies in our form.
    requireHostHeader: false,
  });
  server.on('request', (request, response) => {
    const extra = cors(request.headers.origin);
    if (request.method === 'OPTIONS' && extra && request.headers['access-control-request-method']) {
      response.writeHead(204, { ...extra, 'x-request-id': newRequestId() }).end();
    } else {
      serve(request, response, answer);
    }
  });
  server.on('checkExpectation', (request, response) => {
    serve(request, response, () => Promise.reject(new KmsError('APIGW.0201:417')));
  });
  watchSilent(server);
  server.maxConnections = LIMITS.maxConnections;
  server.setTimeout(LIMITS.idleMs);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuseBadHttp(error, socket));
  return server;
}

/**
 * Ends the server: no new request, those under way finish, silent connections are dropped at once.
 * @param withinMs after this long the rest is dropped too
 */
export function drain(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const socket of silent.get(server) ?? []) socket.destroy();
    server.closeIdleConnections();
  });
}

/** The connections of each server that have made no request yet; Node does not count those as idle. */
const silent = new WeakMap<Server, Set<Socket>>();

function watchSilent(server: Server): void {
  const sockets = new Set<Socket>();
  silent.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else reject(new KmsError('APIGW.0201:413'));
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('close', () => reject(new Error('the client went away')));
    request.on('error', reject);
  });
}

function eventOf(
  { method = '', rawHeaders, socket, httpVersion }: IncomingMessage,
  parts: { path: string; query: string; routeKey: string; pathParameters: Record<string, string>; body: Buffer },
): APIGatewayProxyEventV2 {
  const { path, query, routeKey, pathParameters, body } = parts;
  const isText = isUtf8(body);
  const nowMs = Date.now();
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers: joinedHeaders(rawHeaders),
    pathParameters,
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: { method, path, protocol: `HTTP/${httpVersion}`, sourceIp: socket.remoteAddress ?? '', userAgent: '' },
      requestId: 'local',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: nowMs,
    },
  };
}

/** Lower-case names; a repeated header's values joined with a comma, as API Gateway does. */
function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return headers;
}

function corsHeaders(origins: readonly string[]): (origin: string | undefined) => Record<string, string> | undefined {
  return (origin) =>
    origin !== undefined && origins.includes(origin)
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET,POST',
          'access-control-allow-headers':
            'content-type,x-auth-token,x-subject-token,authorization,x-sdk-date,x-project-id',
          'access-control-expose-headers': 'x-request-id,x-subject-token',
          'access-control-max-age': '600',
          vary: 'Origin',
        }
      : undefined;
}

function send(
  server: Server,
  response: ServerResponse,
  { statusCode = 200, headers = {}, body = '', [REPLY]: reply }: Result,
  extra: Record<string, string> | undefined,
): void {
  const isLast = !server.listening || !response.req.complete;
  const bytes = reply?.bytes() ?? Buffer.from(body);
  response.writeHead(statusCode, {
    ...(headers as Record<string, string>),
    ...extra,
    'content-length': bytes.length,
    ...(isLast && { connection: 'close' }),
  });
  response.end(bytes);
}

/** The scheme and host of a request to a proxy, which a server must take too. */
const ABSOLUTE_FORM = /^https?:\/\/[^/?]+/i;

const newRequestId = () => randomUUID().replaceAll('-', '');

/** The reply to what never reached a handler, and its log line. */
function refusal(cause: unknown, socket: Socket, startedAtMs = performance.now()): Result {
  const error = knownError(cause);
  const requestId = newRequestId();
  const { status } = ERRORS[error.code];
  const ms = Math.round((performance.now() - startedAtMs) * 100) / 100;
  const line = {
    request_id: requestId,
    action: 'gateway',
    ip: socket.remoteAddress,
    status,
    code: wireCode(error.code),
    ms,
  };
  if (status === 500) logger.error('request', { ...line, cause: String(error.cause) });
  else logger.info('request', line);
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    body: JSON.stringify(errorBody(error, requestId)),
  };
}

const BAD_HTTP: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'APIGW.0201:408',
  HPE_HEADER_OVERFLOW: 'APIGW.0201:431',
};

function refuseBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const {
    statusCode = 400,
    headers = {},
    body = '',
  } = refusal(new KmsError(BAD_HTTP[error.code ?? ''] ?? 'APIGW.0201:400'), socket);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(
    [
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
      ...lines,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
