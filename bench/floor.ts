/**
 * The floor, the fastest possible server for comparison: a process with node:http that replies to each path with bytes
 * from memory. It reads only the path of a request.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The reply to a path. */
export interface StoredReply {
  path: string;
  headers: Record<string, string>;
  body: string;
}

process.once('message', (storedReplies: StoredReply[]) => {
  const replies = new Map(
    storedReplies.map(({ path, headers, body }) => [path, { headers, body: Buffer.from(body) }] as const),
  );
  const server = createServer({ keepAliveTimeout: 10_000 }, (request, response) => {
    const reply = replies.get(request.url ?? '');
    if (reply) response.writeHead(200, reply.headers).end(reply.body);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());
