/**
 * Posting a webhook to a server of somebody else. By node:http and node:https as they stand: fetch, and so ky, cannot be
 * told which address to connect to, and another client would only be a layer over these.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { retryAfterSeconds } from '../../clients/backoff.ts';
import { NetworkError, type NetworkFailure } from '../../clients/network-error.ts';
import { assertNoPrivateAddress, publicLookup, type Resolve } from '../../clients/public-address.ts';

/** Longer than this no target may put us off. */
const RETRY_AFTER_SECONDS_MAX = 12 * 3_600;

export interface Webhook {
  /** `https://…` or `http://…`, without a user. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Whether the address may be one that is not of the public Internet. */
  isPrivateAllowed: boolean;
}

export interface WebhookResponse {
  status: number;
  /** What the Retry-After header asks for. */
  retryAfterSeconds?: number | undefined;
}

/** From now to the last byte of the answer. */
const TIMEOUT_MS = 10_000;
/** So much of an answer is taken in, for the other side to come to its end, and thrown away. */
const ANSWER_BYTES_MAX = 4 * 1024;

/**
 * Sends it once and follows no redirect. Each has a connection of its own, so that each is checked: on a kept one it
 * would be sent to wherever the name once led.
 * @param resolve how names become addresses; used where only public ones are allowed
 * @returns the answer's head. It counts even when the rest of the answer never comes: the other side has made up its mind
 * @throws NoAnswerError `unsent` and ERR_ADDRESS_NOT_PUBLIC in its message when the address is not allowed
 */
export async function postWebhook(
  { url, headers, body, isPrivateAllowed }: Webhook,
  { timeoutMs = TIMEOUT_MS, resolve }: { timeoutMs?: number | undefined; resolve?: Resolve | undefined } = {},
): Promise<WebhookResponse> {
  const { protocol, hostname } = new URL(url);
  const isTls = protocol === 'https:';
  const signal = AbortSignal.timeout(timeoutMs);
  let failing: NetworkFailure = 'unsent';
  try {
    if (!isPrivateAllowed) assertNoPrivateAddress(hostname);
    const request = (isTls ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      signal,
      // Whatever the environment says.
      rejectUnauthorized: true,
      ...(!isPrivateAllowed && { lookup: publicLookup(resolve) }),
    });
    request.once('socket', (socket: Socket) => {
      socket.once('connect', () => {
        failing = isTls ? 'untrusted' : 'lost';
      });
      socket.once('secureConnect', () => {
        failing = 'lost';
      });
    });
    const head = Promise.withResolvers<IncomingMessage>();
    request.once('response', head.resolve).on('error', head.reject);
    // A connection that was asked to change its protocol ends without an error.
    request.once('close', () => head.reject(new Error('the connection ended without an answer')));
    request.end(body);
    const answer = await head.promise;
    await discard(answer);
    const retryAfter = new Headers({ 'retry-after': answer.headers['retry-after'] ?? '' });
    return {
      status: answer.statusCode ?? 0,
      retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now(), RETRY_AFTER_SECONDS_MAX),
    };
  } catch (error) {
    throw new NetworkError(signal.aborted ? 'late' : failing, error);
  }
}

async function discard(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
      if (bytes > ANSWER_BYTES_MAX) return;
    }
  } catch {
    // Broken off, by the other side or because time is up: there is nothing in it that is needed.
  }
}
