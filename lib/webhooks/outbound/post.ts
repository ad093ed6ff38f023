/**
 * Posts a webhook to a target. Uses node:http and node:https directly, because fetch, and therefore ky, takes no
 * `lookup` function.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { retryAfterSeconds } from '../../clients/backoff.ts';
import { newConnections, proxyHosts } from '../../clients/connections.ts';
import { NetworkError, type NetworkFailure } from '../../clients/network-error.ts';
import { assertPublicHost, publicLookup, type Resolve } from './public-address.ts';

/** Upper bound of a target's Retry-After. */
const RETRY_AFTER_SECONDS_MAX = 12 * 3_600;

export interface Webhook {
  /** `https://…` or `http://…`, without a user. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Whether the target may have an address that is not on the public Internet. */
  isPrivateAllowed: boolean;
}

export interface WebhookResponse {
  status: number;
  /** From the Retry-After header. */
  retryAfterSeconds?: number | undefined;
}

/** Until the last byte of the response. */
const TIMEOUT_MS = 10_000;
/** Up to this size the response body is read and discarded, so that the server can finish. */
const RESPONSE_BYTES_MAX = 4 * 1024;

/**
 * Sends the webhook once, on a new connection, and follows no redirect. The connection is not reused, because a name
 * may lead to another address the next time.
 * @param resolve replaces dns.lookup; unused where private addresses are allowed
 * @returns status and Retry-After, even when the response body does not arrive
 * @throws NetworkError `unsent` with ERR_ADDRESS_NOT_PUBLIC in its message when the address is not allowed
 */
export async function postWebhook(
  { url, headers, body, isPrivateAllowed }: Webhook,
  { timeoutMs = TIMEOUT_MS, resolve }: { timeoutMs?: number | undefined; resolve?: Resolve | undefined } = {},
): Promise<WebhookResponse> {
  const { protocol, hostname } = new URL(url);
  const isTls = protocol === 'https:';
  const signal = AbortSignal.timeout(timeoutMs);
  /** The failure to report if the request ends now. */
  let failure: NetworkFailure = 'unsent';
  try {
    if (!isPrivateAllowed) assertPublicHost(hostname);
    const request = (isTls ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: isTls ? newConnections().https : newConnections().http,
      signal,
      // Overrides NODE_TLS_REJECT_UNAUTHORIZED.
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
    const response = await responseHead.promise;
    await discardBody(response);
    const retryAfter = new Headers({ 'retry-after': response.headers['retry-after'] ?? '' });
    return {
      status: response.statusCode ?? 0,
      retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now(), RETRY_AFTER_SECONDS_MAX),
    };
  } catch (error) {
    throw new NetworkError(signal.aborted ? 'late' : failure, error);
  }
}

async function discardBody(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > RESPONSE_BYTES_MAX) return;
    }
  } catch {
    // The body ended early or late. The status counts, so this is no failure.
  }
}
