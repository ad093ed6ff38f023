/** A server on loopback that records its requests and responds as the test says; for AWS services and others. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ReceivedRequest } from './sigv4.ts';

export type Responder = (response: ServerResponse, request: IncomingMessage) => unknown;

export interface FakeServer {
  endpoint: string;
  requests: ReceivedRequest[];
  /** All accepted connections, including closed ones. */
  connections: Socket[];
  /** Sets how the next requests are handled. The default is 200 with an empty object. */
  respondWith(responder: Responder): void;
  stop(): Promise<void>;
}

export async function startFakeServer(): Promise<FakeServer> {
  const requests: ReceivedRequest[] = [];
  const connections: Socket[] = [];
  let respond: Responder = json(200, {});
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    respond(response, request);
  });
  server.on('connection', (socket) => connections.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections,
    respondWith(responder) {
      respond = responder;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export const json = (status: number, body: object) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
};

export const plain = (status: number, body: string) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'text/html' }).end(body);
};
