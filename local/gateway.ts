/** The local replacement of API Gateway: node:http that passes the same events to the same handlers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HEADER_BYTES_MAX } from '../lib/clients/connections.ts';
import { KmsError } from '../lib/errors.ts';
import { REPLY, type Result } from '../lib/http/reply.ts';
import { withBody } from './gateway/body.ts';
import { addressMatcher, clientAddress } from './gateway/client-address.ts';
import type { Connection } from './gateway/connection.ts';
import { limitConnections } from './gateway/connections.ts';
import { corsHeaders, isPreflight } from './gateway/cors.ts';
import { errorResult, newRequestId, replyToBadHttp } from './gateway/error-reply.ts';
import { splitTarget, toGatewayEvent } from './gateway/event.ts';
import { readRoutes, router } from './routes.ts';

export { drain } from './gateway/drain.ts';

type Handler = (event: APIGatewayProxyEventV2, context: object) => Promise<Result>;
type RequestListener = (request: IncomingMessage) => Promise<Result>;

/** Limits of what clients may occupy. */
const LIMITS = {
  maxConnections: 2048,
  maxConnectionsPerAddress: 1024,
  maxHeaderBytes: HEADER_BYTES_MAX,
  /** Memory for all request bodies together; the first 64 KiB of each body do not count. */
  bodiesBytesMax: 32 * 1024 * 1024,
  /** From the first byte of a request to its last byte. */
  requestMs: 15_000,
  /** Beyond this, a request that still arrives or a reply that is not read is dropped when a new client needs room. */
  slowRequestMs: 2_000,
  headersMs: 10_000,
  keepAliveMs: 10_000,
  /** Time without traffic on a connection while a reply is being sent. */
  idleMs: 30_000,
};

interface GatewayOptions extends Partial<typeof LIMITS> {
  /** Addresses and CIDR ranges whose X-Forwarded-For is trusted. */
  trustedProxies?: readonly string[];
  /** Whether the console is served; true when absent. */
  hasConsole?: boolean;
}

/**
 * Returns the server, which does not listen yet.
 * @param corsOrigins origins from which browsers may call
 * @param options limits that replace the defaults, and the trusted proxies
 */
export async function createGateway(
  corsOrigins: readonly string[],
  { trustedProxies = [], hasConsole = true, ...overrides }: GatewayOptions = {},
): Promise<Server> {
  const limits = { ...LIMITS, ...overrides };
  const isTrustedProxy = addressMatcher(trustedProxies);
  const addressOf = (request: IncomingMessage) => clientAddress(request, isTrustedProxy);
  const callHandler = await handlerCaller(await loadHandlers(hasConsole), limits.bodiesBytesMax, addressOf);
  const cors = corsHeaders(corsOrigins);
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1_000,
    // `callHandler` checks it, so that the reply has the form of all other errors.
    requireHostHeader: false,
  });
  server.setTimeout(limits.idleMs);
  limitConnections(server, { ...limits, isTrustedProxy });

  function serve(request: IncomingMessage, response: ServerResponse, listener: RequestListener) {
    const startedAtMs = performance.now();
    const corsReplyHeaders = cors(request.headers.origin);
    listener(request)
      .catch((error: unknown) => {
        // The client disconnected while it sent the body: no reply can be sent, and nothing is logged.
        if (request.destroyed && !request.complete) throw error;
        return errorResult(error, addressOf(request), { request, startedAtMs });
      })
      .then((result) => send(server, response, result, corsReplyHeaders))
      .catch(() => response.destroy());
  }

  server.on('request', (request, response) => {
    inTurn(request, response, () => {
      const headers = cors(request.headers.origin);
      if (headers && isPreflight(request))
        response.writeHead(204, { ...headers, 'x-request-id': newRequestId() }).end();
      else serve(request, response, callHandler);
    });
  });
  server.on('checkExpectation', (request, response) => {
    inTurn(request, response, () => serve(request, response, () => Promise.reject(new KmsError('APIGW.0201:417'))));
  });
  server.on('clientError', replyToBadHttp);
  return server;
}

/** Serves the request when the requests before it on its connection have been answered. */
function inTurn(request: IncomingMessage, response: ServerResponse, start: () => void): void {
  // `limitConnections` has put a Connection in place of each socket.
  (request.socket as unknown as Connection).inTurn(request, response, start);
}

/** Returns a listener that reads the body, finds the route and calls its handler. */
function handlerCaller(
  handlers: ReadonlyMap<string, Handler>,
  bodiesBytesMax: number,
  addressOf: (request: IncomingMessage) => string,
): RequestListener {
  const route = router(handlers);
  const bodyMemory = { availableBytes: bodiesBytesMax };
  return async (request) => {
    if (request.headers.host === undefined) throw new KmsError('APIGW.0201:400', { detail: 'Host is missing.' });
    return withBody(request, bodyMemory, (body) => {
      const { path, query } = splitTarget(request.url);
      const { target, routeKey, pathParameters } = route(request.method ?? '', path);
      const sourceIp = addressOf(request);
      return target(toGatewayEvent(request, { path, query, routeKey, pathParameters, sourceIp, body }), {});
    });
  };
}

/** Imports the handlers that `serverless.yml` names. @returns them by route key */
async function loadHandlers(hasConsole: boolean): Promise<Map<string, Handler>> {
  const handlers = new Map<string, Handler>();
  for (const { name: functionName, key, handler } of readRoutes()) {
    if (functionName === 'console' && !hasConsole) continue;
    const [file, name = ''] = handler.split('.');
    const module = (await import(`../${file}.ts`)) as Record<string, Handler>;
    const exported = module[name];
    if (!exported) throw new Error(`serverless.yml names the handler ${handler}, but functions/ has no such export`);
    handlers.set(key, exported);
  }
  return handlers;
}

function send(
  server: Server,
  response: ServerResponse,
  { statusCode = 200, headers, body = '', [REPLY]: reply }: Result,
  corsReplyHeaders: Record<string, string> | undefined,
): void {
  const isLast = !server.listening || !response.req.complete;
  const bytes = reply?.bytes() ?? Buffer.from(body);
  response.writeHead(statusCode, {
    ...headers,
    ...corsReplyHeaders,
    // Source: RFC 9110, sections 8.6 and 15.4.5.
    ...(statusCode !== 204 && statusCode !== 304 && { 'content-length': bytes.length }),
    ...(isLast && { connection: 'close' }),
  });
  response.end(bytes);
}
