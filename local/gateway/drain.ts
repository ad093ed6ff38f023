/** The end of a server: what is under way finishes, everything else is hung up on. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of each server that have made no request yet; Node does not count those as idle. */
const silent = new WeakMap<Server, Set<Socket>>();

/** Keeps the list of silent connections that `drain` needs. */
export function watchSilent(server: Server): void {
  const sockets = new Set<Socket>();
  silent.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
}

/**
 * Ends the server: no new request, those under way finish, silent connections are dropped at once.
 * @param withinMs after this long the rest is dropped too
 */
export function drain(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const socket of silent.get(server) ?? []) socket.destroy();
    server.closeIdleConnections();
  });
}
