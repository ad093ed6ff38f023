/** Starts a gateway for a test, and waits for requests that reach it. */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on a port that the system picks. @returns its URL */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves with the next request when `bytes` bytes of its body have arrived. */
export function arrival(server: Server, bytes: number): Promise<IncomingMessage> {
  return new Promise((resolve) => {
    server.once('request', (request: IncomingMessage) => {
      let arrived = 0;
      request.on('data', (chunk: Buffer) => {
        arrived += chunk.length;
        if (arrived >= bytes) resolve(request);
      });
    });
  });
}
