/** A server on loopback that keeps what arrives and answers as the test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Arrived } from './sigv4.ts';

export type Behaviour = (response: ServerResponse, request: IncomingMessage) => unknown;

export interface AwsServer {
  endpoint: string;
  arrived: Arrived[];
  /** The connections that it has taken, those that have ended included. */
  connections: Socket[];
  /** What it does with the next requests. */
  answer(how: Behaviour): void;
  stop(): Promise<void>;
}

export async function startAwsServer(): Promise<AwsServer> {
  const arrived: Arrived[] = [];
  const connections: Socket[] = [];
  let answer: Behaviour = json(200, {});
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    arrived.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    answer(response, request);
  });
  server.on('connection', (socket) => connections.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    connections,
    answer(how) {
      answer = how;
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
