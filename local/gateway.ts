/** API Gateway's part on one machine: node:http in front of the same handlers, with the same events. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { KmsError } from '../lib/errors.ts';
import { REPLY, type Result } from '../lib/http/reply.ts';
import { withBody } from './gateway/body.ts';
import { corsHeaders, isPreflight } from './gateway/cors.ts';
import { watchSilent } from './gateway/drain.ts';
import { errorResult, newRequestId, replyToBadHttp } from './gateway/error-reply.ts';
import { splitTarget, toGatewayEvent } from './gateway/event.ts';
import { readRoutes, router } from './routes.ts';

export { drain } from './gateway/drain.ts';

type Handler = (event: APIGatewayProxyEventV2, context: object) => Promise<Result>;
type Answer = (request: IncomingMessage) => Promise<Result>;

/** Bounds on what clients may hold open. */
const LIMITS = {
  maxConnections: 1024,
  maxHeaderBytes: 32 * 1024,
  /** Of all bodies at the same time, beyond 64 KiB of each. */
  bodiesBytesMax: 32 * 1024 * 1024,
  /** From the first byte of a request to its last. */
  requestMs: 15_000,
  headersMs: 10_000,
  keepAliveMs: 10_000,
  /** Silence on a connection in the middle of a reply. */
  idleMs: 30_000,
};

/**
 * Makes the server; it does not listen yet.
 * @param corsOrigins origins that a browser may call from
 * @param overrides limits other than the usual ones
 */
export async function createGateway(
  corsOrigins: readonly string[],
  overrides: Partial<typeof LIMITS> = {},
): Promise<Server> {
  const limits = { ...LIMITS, ...overrides };
  const answer = await answerer(limits.bodiesBytesMax);
  const cors = corsHeaders(corsOrigins);
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1_000,
    // Checked by `answer`, which replies in our form.
    requireHostHeader: false,
  });
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleMs);

  function serve(request: IncomingMessage, response: ServerResponse, work: Answer) {
    const startedAtMs = performance.now();
    const extra = cors(request.headers.origin);
    work(request)
      .catch((error: unknown) => {
        // The client left in the middle of its body: there is nobody to answer and nothing went wrong here.
        if (request.destroyed && !request.complete) throw error;
        return errorResult(error, request.socket, startedAtMs);
      })
      .then((result) => send(server, response, result, extra))
      .catch(() => response.destroy());
  }

  server.on('request', (request, response) => {
    const extra = cors(request.headers.origin);
    if (extra && isPreflight(request)) response.writeHead(204, { ...extra, 'x-request-id': newRequestId() }).end();
    else serve(request, response, answer);
  });
  server.on('checkExpectation', (request, response) => {
    serve(request, response, () => Promise.reject(new KmsError('APIGW.0201:417')));
  });
  server.on('clientError', replyToBadHttp);
  // A newcomer was turned away: who is idle gives way, and the newcomer's next try finds room.
  server.on('drop', () => server.closeIdleConnections());
  watchSilent(server);
  return server;
}

/** Prepares the way of a request to its handler and back. */
async function answerer(bodiesBytesMax: number): Promise<Answer> {
  const route = router(await loadHandlers());
  const room = { leftBytes: bodiesBytesMax };
  return async (request) => {
    if (request.headers.host === undefined) throw new KmsError('APIGW.0201:400', { detail: 'Host is missing.' });
    return withBody(request, room, (body) => {
      const { path, query } = splitTarget(request.url);
      const { target, routeKey, pathParameters } = route(request.method ?? '', path);
      return target(toGatewayEvent(request, { path, query, routeKey, pathParameters, body }), {});
    });
  };
}

/** The handlers that `serverless.yml` names, by route key. */
async function loadHandlers(): Promise<Map<string, Handler>> {
  const handlers = new Map<string, Handler>();
  for (const { key, handler } of readRoutes()) {
    const [file, name = ''] = handler.split('.');
    const module = (await import(`../${file}.ts`)) as Record<string, Handler>;
    const found = module[name];
    if (!found) throw new Error(`serverless.yml names ${handler}, which is not there`);
    handlers.set(key, found);
  }
  return handlers;
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
    // Source: RFC 9110, section 8.6.
    ...(statusCode !== 204 && { 'content-length': bytes.length }),
    ...(isLast && { connection: 'close' }),
  });
  response.end(bytes);
}
