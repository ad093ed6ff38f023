/**
 * One HTTP exchange with a server that is not ours: bounded in time and size, no redirects, no tries again. (But for 421,
 * "not for this connection", after which fetch itself sends once more, as HTTP means it: nothing was done.)
 */
import type { KyInstance } from 'ky';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Why no whole answer came.
 * - unsent: there was no connection, so nothing can have been done.
 * - untrusted: TLS failed; nothing was sent, and another try fails alike.
 * - lost: the request may have been done.
 * - late: as lost, because its time was up.
 */
export type Failing = 'unsent' | 'untrusted' | 'lost' | 'late';

export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly failing: Failing;

  /** @param cause told in words only: what a client throws may hold the request, and that its credentials */
  constructor(failing: Failing, cause: unknown) {
    super(`no answer: ${[failing, ...chainOf(cause).map(({ code, message }) => code ?? message)].join(': ')}`);
    this.failing = failing;
  }
}

/** A page of 1000 grants is under 1 MB. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Loaded at the first exchange: a function that never makes one does not pay for the client. */
let client: Promise<KyInstance> | undefined;

/**
 * @param timeoutMs from now to the last byte of the answer
 * @throws NoAnswerError
 */
export async function exchange(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  client ??= import('ky').then(({ default: ky }) =>
    ky.create({ retry: 0, timeout: false, throwHttpErrors: false, redirect: 'manual' }),
  );
  const ky = await client;
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  try {
    const { method, url, headers, body } = request;
    const response = await ky(url, { method, headers, signal, ...(body !== undefined && { body }) });
    return { status: response.status, headers: response.headers, text: await readText(response, signal) };
  } catch (error) {
    throw new NoAnswerError(signal.aborted ? 'late' : failingOf(error), error);
  }
}

/** Stops by itself when time is up: the client's own link from the signal to a body may be lost on the way. */
async function readText({ body }: Response, signal: AbortSignal): Promise<string> {
  if (!body) return '';
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return Buffer.concat(chunks).toString();
      bytes += value.length;
      if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/;
/** Source: Node.js, "TLS (SSL)", "X509 certificate error codes"; errors of OpenSSL and of node:tls. */
const UNTRUSTED = /^(ERR_(SSL|TLS)_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|HOSTNAME_MISMATCH)/;

/** By the code that node:net, node:tls or the client gave it. */
function failingOf(error: unknown): Failing {
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
