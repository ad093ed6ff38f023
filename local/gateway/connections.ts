/** The connections of a server: how many there may be, and which of them are closed when there are too many. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { peerAddress } from './client-address.ts';
import { Connection } from './connection.ts';

interface ConnectionLimits {
  maxConnections: number;
  /** For each address that is not a trusted proxy. */
  maxConnectionsPerAddress: number;
  isTrustedProxy: (address: string) => boolean;
}

/** Open connections with their addresses: those first that have been idle for the longest time. */
type OpenConnections = Map<Connection, string>;

const openConnections = new WeakMap<Server, OpenConnections>();

/**
 * Makes the server read its connections in turn (`Connection`), and limits their number. Beyond a limit, a connection
 * without any request is closed, else an idle one, so that a new client is served; if none is idle, the new connection.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const open: OpenConnections = new Map();
  openConnections.set(server, open);
  const accept = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = peerAddress(socket);
    if (!makeRoom(open, address, limits)) return void socket.destroy();
    const connection = new Connection(socket);
    open.set(connection, address);
    connection.once('close', () => open.delete(connection));
    connection.on('idle', () => {
      if (open.delete(connection)) open.set(connection, address);
    });
    // Source: Node, http.Server, Event: 'connection': it accepts any Duplex.
    for (const listener of accept) listener.call(server, connection);
  });
}

/** Closes connections that never had a request; `closeIdleConnections` does not close them. */
export function closeSilentConnections(server: Server): void {
  for (const connection of openConnections.get(server)?.keys() ?? []) {
    if (connection.requests === 0) connection.destroy();
  }
}

/** @returns false if all other connections are busy */
function makeRoom(
  open: OpenConnections,
  address: string,
  { maxConnections, maxConnectionsPerAddress, isTrustedProxy }: ConnectionLimits,
): boolean {
  const all = [...open];
  const ofAddress = isTrustedProxy(address) ? [] : all.filter(([, other]) => other === address);
  let candidates: typeof all = [];
  if (all.length >= maxConnections) candidates = all;
  if (ofAddress.length >= maxConnectionsPerAddress) candidates = ofAddress;
  if (candidates.length === 0) return true;
  const connections = candidates.map(([connection]) => connection);
  const dropped = connections.find(({ requests }) => requests === 0) ?? connections.find(({ isIdle }) => isIdle);
  if (!dropped) return false;
  open.delete(dropped);
  dropped.destroy();
  return true;
}
