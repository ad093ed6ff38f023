/** One HTTP exchange with another server: bounded in time and size, without redirects or retries. */
import type { KyInstance } from 'ky';
import { NetworkError, networkFailureOf } from './network-error.ts';
import { readText } from './response-text.ts';

interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /**
   * Opens a connection for the request. The server may just have ended a reused one, and the request is lost: one that
   * must not be sent twice needs a new connection.
   */
  isNewConnection?: boolean;
}

export interface HttpResponse {
  status: number;
  headers: Headers;
  text: string;
}

/** A page of 1000 grants is under 1 MB. */
const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;

/** Loaded by the first request, so that a function that sends none does not load ky. */
const clients = new Map<boolean, Promise<KyInstance>>();

async function newClient(isNewConnection: boolean): Promise<KyInstance> {
  const [{ default: ky }, { nodeFetch }] = await Promise.all([import('ky'), import('./node-fetch.ts')]);
  const fetch = nodeFetch({ isNewConnection }) as typeof globalThis.fetch;
  return ky.create({ retry: 0, timeout: false, throwHttpErrors: false, redirect: 'manual', fetch });
}

/**
 * Sends a request and returns the response, whatever its status.
 * @param timeoutMs until the last byte of the response
 * @throws NetworkError
 */
export async function sendRequest(request: HttpRequest, timeoutMs: number): Promise<HttpResponse> {
  const { isNewConnection = false } = request;
  const client = clients.get(isNewConnection) ?? newClient(isNewConnection);
  clients.set(isNewConnection, client);
  const ky = await client;
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  try {
    const { method, url, headers, body } = request;
    const response = await ky(url, { method, headers, signal, ...(body !== undefined && { body }) });
    return {
      status: response.status,
      headers: response.headers,
      text: await readText(response, { signal, bytesMax: RESPONSE_BYTES_MAX }),
    };
  } catch (error) {
    throw new NetworkError(signal.aborted ? 'late' : networkFailureOf(error), error);
  }
}
