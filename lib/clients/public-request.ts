/**
 * One request to an address of the public Internet. Uses node:http and node:https directly, because fetch, and
 * therefore ky, takes no `lookup` function.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { newConnections, proxyHosts } from './connections.ts';
import { NetworkError, type NetworkFailure } from './network-error.ts';
import { assertPublicHost, publicLookup, type Resolve } from './public-address.ts';

interface PublicRequest {
  method: 'GET' | 'POST';
  /** `https://…` or `http://…`, without a user. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Whether the address may be one that is not on the public Internet. */
  isPrivateAllowed: boolean;
}

interface RequestLimits {
  /** The time limit of the whole request, up to the last byte of the response that `read` reads. */
  timeoutMs: number;
  /** Replaces dns.lookup; unused where private addresses are allowed. */
  resolve?: Resolve | undefined;
}

/**
 * Sends a request once, on a new connection, and follows no redirect. The connection is not reused, because a name may
 * lead to another address the next time.
 * @param read reads the response
 * @throws NetworkError also for an error of `read`; `unsent` with ERR_ADDRESS_NOT_PUBLIC in its message when the
 *   address is not allowed
 */
export async function sendPublicRequest<T>(
  { method, url, headers, body, isPrivateAllowed }: PublicRequest,
  { timeoutMs, resolve }: RequestLimits,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  const { protocol, hostname } = new URL(url);
  const isTls = protocol === 'https:';
  const signal = AbortSignal.timeout(timeoutMs);
  /** The failure to report if the request ends now. */
  let failure: NetworkFailure = 'unsent';
  try {
    if (!isPrivateAllowed) assertPublicHost(hostname);
    const request = (isTls ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      agent: isTls ? newConnections().https : newConnections().http,
      signal,
      // Even if NODE_TLS_REJECT_UNAUTHORIZED=0 is set, certificates are verified.
      rejectUnauthorized: true,
      ...(!isPrivateAllowed && { lookup: publicLookup(resolve, proxyHosts()) }),
    });
    request.once('socket', (socket: Socket) => {
      // A connection through a proxy is open already.
      if (!socket.connecting && proxyHosts().length > 0) failure = 'lost';
      socket.once('connect', () => {
        failure = isTls ? 'untrusted' : 'lost';
      });
      socket.once('secureConnect', () => {
        failure = 'lost';
      });
    });
    const responseHead = Promise.withResolvers<IncomingMessage>();
    request.once('response', responseHead.resolve).on('error', responseHead.reject);
    // A 101 (Switching Protocols) closes the connection without an error event.
    request.once('close', () => responseHead.reject(new Error('the connection ended without a response')));
    request.end(body);
    return await read(await responseHead.promise);
  } catch (error) {
    throw new NetworkError(signal.aborted ? 'late' : failure, error);
  }
}

/** Reads and discards a body up to this size, so that the server can finish. An early or late end is no failure. */
export async function discardBody(response: IncomingMessage, bytesMax: number): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) return;
    }
  } catch {
    // Only the status of the response matters, so an error of its body is ignored.
  }
}
