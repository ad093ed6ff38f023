/** Stands between the service and the upstream, and does to each call what a test asks for. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { forward } from './forward.ts';

/** One call as it came by: one try of a request. */
export interface ProxiedCall {
  /** The API's name. */
  action: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
  /** The name of what was done to it. */
  fault: string;
  /** When it was handed to the upstream, by `performance.now()`; absent when it never was. */
  forwardedAtMs?: number;
  /** What the upstream answered, whatever the client saw of it. */
  upstream?: UpstreamResponse;
}

export interface UpstreamResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** What a fault can do to a call. */
export interface Call {
  proxiedCall: ProxiedCall;
  /**
   * Lets the upstream do the work. @throws ClientLeftError when the client has left, unless it is to be done all the
   * same
   */
  forwardCall(even?: { evenIfClientLeft: true }): Promise<UpstreamResponse>;
  answer(status: number, headers: Record<string, string>, body: string | Buffer): void;
  response: ServerResponse;
  /** Ends the connection as a crash does, in the middle of whatever was being sent. */
  reset(): void;
}

export interface Fault {
  name: string;
  run(call: Call): Promise<void>;
}

/** The client left before its call was handed on. */
class ClientLeftError extends Error {}

export interface FaultProxy {
  url: string;
  /** All calls since the start, oldest first. */
  proxiedCalls: ProxiedCall[];
  /** Decides what happens to a call. */
  choose: (proxiedCall: ProxiedCall) => Fault;
  /** What went wrong in the proxy itself, which no fault asked for. */
  errors: unknown[];
  /** Until `listen`, connections are refused. */
  refuse(): void;
  listen(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /**
   * Whether `sequence` stays in the bodies. The real upstream does nothing with it, but a service that plays the
   * upstream
   * would answer a second try as the first.
   */
  keepsSequence?: boolean;
}

/** @param upstreamUrl the origin of the upstream */
export async function startProxy(
  upstreamUrl: string,
  { keepsSequence = false }: ProxyOptions = {},
): Promise<FaultProxy> {
  // Well before the upstream gives up an idle connection, lest it does so while a call is being handed on.
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
      // Connections on which nothing was sent yet do not count as idle.
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

/** Passed on there and back, as it is. */
export const NONE: Fault = {
  name: 'none',
  async run({ forwardCall, answer }) {
    const { status, headers, body } = await forwardCall();
    answer(status, headers, body);
  },
};

/** A connection that is being ended in order already cannot be reset: the handle would stay open for good. */
function reset(socket: Socket): void {
  if (socket.destroyed || socket.readableEnded || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function hasClientLeft(request: IncomingMessage, response: ServerResponse): boolean {
  return request.socket.destroyed || request.socket.readableEnded || response.closed;
}
