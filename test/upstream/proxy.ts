/** A fault proxy between the backend and the upstream: a test chooses a fault for each call. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { forward } from './forward.ts';

/** A call that reached the proxy: one attempt of a request. */
export interface ProxiedCall {
  /** The API's name. */
  action: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
  /** The name of the fault that was applied. */
  fault: string;
  /** When it was forwarded to the upstream, by `performance.now()`; absent if it was not. */
  forwardedAtMs?: number;
  /** The complete response of the upstream, which the client may not have received. */
  upstream?: UpstreamResponse;
}

export interface UpstreamResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The operations with which a fault handles a call. */
export interface Call {
  proxiedCall: ProxiedCall;
  /** Forwards the call to the upstream. @throws ClientLeftError if the client has disconnected, unless allowed */
  forwardCall(even?: { evenIfClientLeft: true }): Promise<UpstreamResponse>;
  answer(status: number, headers: Record<string, string>, body: string | Buffer): void;
  response: ServerResponse;
  /** Resets the connection, like a crash, also in the middle of a response. */
  reset(): void;
}

export interface Fault {
  name: string;
  run(call: Call): Promise<void>;
}

/** The client disconnected before its call was forwarded. */
class ClientLeftError extends Error {}

export interface FaultProxy {
  url: string;
  /** All calls since the start, oldest first. */
  proxiedCalls: ProxiedCall[];
  /** Returns the fault of a call. */
  choose: (proxiedCall: ProxiedCall) => Fault;
  /** Errors of the proxy itself, which no fault has caused. */
  errors: unknown[];
  /** Refuses connections until `listen`. */
  refuse(): void;
  listen(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /**
   * Whether `sequence` stays in the forwarded bodies. The documented upstream ignores it, but this service as upstream
   * would treat a second attempt as a repeat.
   */
  keepsSequence?: boolean;
}

/** Starts a fault proxy. @param upstreamUrl the origin of the upstream */
export async function startProxy(
  upstreamUrl: string,
  { keepsSequence = false }: ProxyOptions = {},
): Promise<FaultProxy> {
  // Shorter than the upstream's idle timeout, so that it never closes a connection while a call is being forwarded.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = Buffer.concat(await request.toArray());
    const body = bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as Record<string, unknown>);
    const action = request.url?.split('/').at(-1) ?? '';
    const proxiedCall: ProxiedCall = { action, headers: request.headers, body, fault: '' };
    const fault = proxy.choose(proxiedCall);
    proxiedCall.fault = fault.name;
    proxy.proxiedCalls.push(proxiedCall);
    const { sequence: _, ...others } = body;
    const sent = keepsSequence ? bytes : Buffer.from(JSON.stringify(others));

    await fault.run({
      proxiedCall,
      response,
      async forwardCall(even) {
        if (hasClientLeft(request, response) && !even?.evenIfClientLeft) throw new ClientLeftError();
        proxiedCall.forwardedAtMs = performance.now();
        proxiedCall.upstream = await forward(upstreamUrl, request, sent, agent);
        return proxiedCall.upstream;
      },
      answer(status, headers, text) {
        response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
      },
      reset: () => reset(request.socket),
    });
  }

  const unused = new Set<Socket>();
  const server = createServer((request, response) => {
    unused.delete(request.socket);
    serve(request, response).catch((error: unknown) => {
      if (!(error instanceof ClientLeftError) && !hasClientLeft(request, response)) proxy.errors.push(error);
      response.destroy();
    });
  });
  server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    proxiedCalls: [],
    choose: () => NONE,
    errors: [],
    refuse() {
      server.close();
      // `close` does not close connections without a request so far.
      for (const socket of unused) socket.destroy();
    },
    async listen() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
  return proxy;
}

/** Forwards the call and its response unchanged. */
export const NONE: Fault = {
  name: 'none',
  async run({ forwardCall, answer }) {
    const { status, headers, body } = await forwardCall();
    answer(status, headers, body);
  },
};

/**
 * Resets the connection. One that is already closing is destroyed instead: after a reset its handle would stay open.
 */
function reset(socket: Socket): void {
  if (socket.destroyed || socket.readableEnded || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function hasClientLeft(request: IncomingMessage, response: ServerResponse): boolean {
  return request.socket.destroyed || request.socket.readableEnded || response.closed;
}
