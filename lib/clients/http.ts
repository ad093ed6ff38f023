/**
 * One HTTP exchange with a server that is not ours: bounded in time and size, no redirects, no tries again. (But for 421,
 * "not for this connection", after which fetch itself sends once more, as HTTP means it: nothing was done.)
 */
import type { KyInstance } from 'ky';
import { NetworkError, networkFailureOf } from './network-error.ts';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface HttpResponse {
  status: number;
  headers: Headers;
  text: string;
}

/** A page of 1000 grants is under 1 MB. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Loaded at the first exchange: a function that never makes one does not pay for the client. */
let client: Promise<KyInstance> | undefined;

/**
 * @param timeoutMs from now to the last byte of the answer
 * @throws NoAnswerError
 */
export async function sendRequest(request: HttpRequest, timeoutMs: number): Promise<HttpResponse> {
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
    throw new NetworkError(signal.aborted ? 'late' : networkFailureOf(error), error);
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
