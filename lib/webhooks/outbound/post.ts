/** Posts a webhook to a target. */
import { retryAfterSeconds } from '../../clients/backoff.ts';
import type { Resolve } from '../../clients/public-address.ts';
import { discardBody, sendPublicRequest } from '../../clients/public-request.ts';

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
 * Sends the webhook once, on a new connection, and follows no redirect.
 * @param resolve replaces dns.lookup; unused where private addresses are allowed
 * @returns status and Retry-After, even when the response body does not arrive
 * @throws NetworkError `unsent` with ERR_ADDRESS_NOT_PUBLIC in its message when the address is not allowed
 */
export async function postWebhook(
  webhook: Webhook,
  { timeoutMs = TIMEOUT_MS, resolve }: { timeoutMs?: number | undefined; resolve?: Resolve | undefined } = {},
): Promise<WebhookResponse> {
  return sendPublicRequest({ method: 'POST', ...webhook }, { timeoutMs, resolve }, async (response) => {
    await discardBody(response, RESPONSE_BYTES_MAX);
    const retryAfter = new Headers({ 'retry-after': response.headers['retry-after'] ?? '' });
    return {
      status: response.statusCode ?? 0,
      retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now(), RETRY_AFTER_SECONDS_MAX),
    };
  });
}
