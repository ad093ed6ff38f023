/**
 * The floor, as a process of its own: node:http that answers each path with bytes it holds in memory. It reads nothing
 * of the request but its path.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is told to the floor: the reply of each path. */
export interface Canned {
  path: string;
  headers: Record<string, string>;
  body: string;
}

process.once('message', (canned: Canned[]) => {
  const replies = new Map(
    canned.map(({ path, headers, body }) => [path, { headers, body: Buffer.from(body) }] as const),
  );
  const server = createServer({ keepAliveTimeout: 10_000 }, (request, response) => {
    const reply = replies.get(request.url ?? '');
    if (reply) response.writeHead(200, reply.headers).end(reply.body);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());
