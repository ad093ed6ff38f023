/** Graceful shutdown of a server: requests in progress finish, all other connections are closed. */
import type { Server } from 'node:http';
import { closeSilentConnections } from './connections.ts';

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
    closeSilentConnections(server);
    server.closeIdleConnections();
  });
}
