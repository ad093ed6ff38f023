import { once } from 'node:events';
import type { User } from './create.ts';
import { connectTo, parseResponse, readToEnd } from './raw-http.ts';
import type { ApiResponse, TestService } from './service.ts';

/**
 * The same call sixteen times, or one for each body, so that all are decided on before the first is written: sent in one
 * go on connections that the server has taken up already.
 */
export async function sendConcurrently(
  service: TestService,
  user: User,
  name: string,
  bodies: object | ((n: number) => object),
): Promise<ApiResponse[]> {
  const token = await service.token(user);
  const sockets = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const socket = await connectTo(service.url);
      socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'data');
      return socket;
    }),
  );
  const replies = sockets.map((socket) => readToEnd(socket));
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
  return (await Promise.all(replies)).map(parseResponse);
}

/** `done` for a 200, else the code; sorted, because who comes first is open. */
export function resultCodes(answers: ApiResponse[]): string[] {
  return answers.map(({ status, body }) => (status === 200 ? 'done' : body.error_code)).sort();
}
