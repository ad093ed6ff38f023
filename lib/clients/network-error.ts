/** That no whole answer came, and why. */

/**
 * Why no whole answer came.
 * - unsent: there was no connection, so nothing can have been done.
 * - untrusted: TLS failed; nothing was sent, and another try fails alike.
 * - lost: the request may have been done.
 * - late: as lost, because its time was up.
 */
export type NetworkFailure = 'unsent' | 'untrusted' | 'lost' | 'late';

export class NetworkError extends Error {
  override readonly name = 'NoAnswerError';
  readonly failure: NetworkFailure;

  /** @param cause told in words only: what a client throws may hold the request, and that its credentials */
  constructor(failing: NetworkFailure, cause: unknown) {
    super(`no answer: ${[failing, ...chainOf(cause).map(({ code, message }) => code ?? message)].join(': ')}`);
    this.failure = failing;
  }
}

const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/;
/** Source: Node.js, "TLS (SSL)", "X509 certificate error codes"; errors of OpenSSL and of node:tls. */
const UNTRUSTED = /^(ERR_(SSL|TLS)_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|HOSTNAME_MISMATCH)/;

/** By the code that node:net, node:tls or the client gave it. */
export function networkFailureOf(error: unknown): NetworkFailure {
  const codes = chainOf(error).map(({ code = '' }) => code);
  if (codes.some((code) => UNSENT.test(code))) return 'unsent';
  return codes.some((code) => UNTRUSTED.test(code)) ? 'untrusted' : 'lost';
}

/** An error and what it wraps: each layer has the one below as its cause. */
function chainOf(error: unknown): { code: string | undefined; message: string }[] {
  if (typeof error !== 'object' || error === null) return [];
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  return [{ code: typeof code === 'string' ? code : undefined, message: String(message) }, ...chainOf(cause)];
}
