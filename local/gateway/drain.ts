/** Graceful shutdown of a server: requests in progress finish, all other connections are closed. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** By server: connections without a request so far. `closeIdleConnections` does not close them. */
const unusedConnections = new WeakMap<Server, Set<Socket>>();

/** Records the connections without a request, which `drain` closes. */
export function trackUnusedConnections(server: Server): void {
  const sockets = new Set<Socket>();
  unusedConnections.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
}

/**
 * Stops accepting connections, closes those without a request in progress, and waits for the other requests to end.
 * @param timeoutMs after this time all remaining connections are closed too
 */
export function drain(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const socket of unusedConnections.get(server) ?? []) socket.destroy();
    server.closeIdleConnections();
  });
}
