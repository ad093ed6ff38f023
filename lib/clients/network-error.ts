/** Failures of a request that got no complete response. */

/**
 * - unsent: no connection, so the request had no effect.
 * - untrusted: TLS failed; nothing was sent, and a retry fails the same way.
 * - lost: the request was sent and may have taken effect.
 * - late: like lost, because the time limit was reached.
 */
export type NetworkFailure = 'unsent' | 'untrusted' | 'lost' | 'late';

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly failure: NetworkFailure;

  /** @param cause only its codes or messages are used: a client's error object may hold the request with credentials */
  constructor(failure: NetworkFailure, cause: unknown) {
    super(`no response: ${[failure, ...chainOf(cause).map(({ code, message }) => code ?? message)].join(': ')}`);
    this.failure = failure;
  }
}

const UNSENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ERR_CONNECT_TIMEOUT|ERR_PROXY_TUNNEL)$/;
/** Source: Node.js, "TLS (SSL)", "X509 certificate error codes"; errors of OpenSSL and of node:tls. */
const UNTRUSTED = /^(ERR_(SSL|TLS)_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|HOSTNAME_MISMATCH)/;

/** Classifies an error of node:net, node:tls or node:http by its code. */
export function networkFailureOf(error: unknown): NetworkFailure {
  const codes = chainOf(error).map(({ code = '' }) => code);
  if (codes.some((code) => UNSENT.test(code))) return 'unsent';
  return codes.some((code) => UNTRUSTED.test(code)) ? 'untrusted' : 'lost';
}

/** Returns an error and its chain of causes. */
function chainOf(error: unknown): { code: string | undefined; message: string }[] {
  if (typeof error !== 'object' || error === null) return [];
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  return [{ code: typeof code === 'string' ? code : undefined, message: String(message) }, ...chainOf(cause)];
}
