import { once } from 'node:events';
import type { User } from './create.ts';
import { connectTo, parseResponse, readToEnd } from './raw-http.ts';
import type { ApiResponse, TestService } from './service.ts';

const CONNECTIONS = 16;

/**
 * Sends a call 16 times concurrently, on connections that the server has already accepted, so that the requests
 * overlap.
 * @param bodies the body of all calls, or of each call by its number from 0
 */
export async function sendConcurrently(
  service: TestService,
  user: User,
  name: string,
  bodies: object | ((n: number) => object),
): Promise<ApiResponse[]> {
  const token = await service.token(user);
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = await connectTo(service.url);
      socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'data');
      return socket;
    }),
  );
  const responses = sockets.map((socket) => readToEnd(socket));
  for (const [n, socket] of sockets.entries()) {
    const body = JSON.stringify(typeof bodies === 'function' ? bodies(n) : bodies);
    const head = [
      `POST /v1.0/${service.demo.project_id}/kms/${name} HTTP/1.1`,
      'Host: a',
      'Connection: close',
      `X-Auth-Token: ${token}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  return (await Promise.all(responses)).map(parseResponse);
}

/** @returns `200` or the error code of each response, sorted, because their order is not defined */
export function resultCodes(responses: ApiResponse[]): string[] {
  return responses.map(({ status, body }) => (status === 200 ? '200' : body.error_code)).sort();
}
