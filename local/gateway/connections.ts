/** The connections of a server: how many there may be, and which of them are closed when there are too many. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../../lib/util/network-of.ts';
import { peerAddress } from './client-address.ts';
import { Connection } from './connection.ts';

interface ConnectionLimits {
  maxConnections: number;
  /** For each address that is not a trusted proxy; all addresses of one IPv6 /64 count as one. */
  maxConnectionsPerAddress: number;
  /** After this time, a request that is still arriving is slow. */
  slowRequestMs: number;
  isTrustedProxy: (address: string) => boolean;
}

/** Open connections, those first that have been idle for the longest time; with their networks, except of proxies. */
type OpenConnections = Map<Connection, string | undefined>;

const openConnections = new WeakMap<Server, OpenConnections>();

/**
 * Makes the server read its connections in turn (`Connection`), and limits their number. Beyond a limit, a connection
 * without any request is closed, else one whose request arrives slowly, else an idle one, so that a new client is
 * served; if all others are busy, the new connection.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const open: OpenConnections = new Map();
  openConnections.set(server, open);
  const accept = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = peerAddress(socket);
    const network = limits.isTrustedProxy(address) ? undefined : networkOf(address);
    if (!makeRoom(open, network, limits)) return void socket.destroy();
    const connection = new Connection(socket);
    open.set(connection, network);
    connection.once('close', () => open.delete(connection));
    connection.on('idle', () => {
      if (open.delete(connection)) open.set(connection, network);
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

/** @returns false if no other connection may be closed */
function makeRoom(
  open: OpenConnections,
  network: string | undefined,
  { maxConnections, maxConnectionsPerAddress, slowRequestMs }: ConnectionLimits,
): boolean {
  const all = [...open];
  const ofNetwork = network === undefined ? [] : all.filter(([, other]) => other === network);
  let candidates: typeof all = [];
  if (all.length >= maxConnections) candidates = all;
  if (ofNetwork.length >= maxConnectionsPerAddress) candidates = ofNetwork;
  if (candidates.length === 0) return true;
  const connections = candidates.map(([connection]) => connection);
  const dropped =
    connections.find(({ requests }) => requests === 0) ??
    connections.find(({ arrivingMs }) => arrivingMs >= slowRequestMs) ??
    connections.find(({ isIdle }) => isIdle);
  if (!dropped) return false;
  open.delete(dropped);
  dropped.destroy();
  return true;
}
