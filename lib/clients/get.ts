/**
 * One GET request, for functions that receive webhooks: without ky, which is a sixth of what such a function may have.
 */
import { NetworkError, networkFailureOf } from './network-error.ts';
import { nodeFetch } from './node-fetch.ts';
import { readText } from './response-text.ts';

interface GetOptions {
  headers: Readonly<Record<string, string>>;
  /** Until the last byte of the response. */
  timeoutMs: number;
  /** The longest body that is read, decompressed. */
  bytesMax: number;
}

/**
 * Requests a document, follows no redirect, and returns the response whatever its status.
 * @throws NetworkError
 */
export async function get(
  url: string,
  { headers, timeoutMs, bytesMax }: GetOptions,
): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await nodeFetch({ isNewConnection: false })(new Request(url, { headers, signal }));
    return { status: response.status, text: await readText(response, { signal, bytesMax }) };
  } catch (error) {
    throw new NetworkError(signal.aborted ? 'late' : networkFailureOf(error), error);
  }
}

/** Returns the text of a document. @throws NetworkError, and Error for a status other than 200 */
export async function getText(url: string, options: GetOptions): Promise<string> {
  const { status, text } = await get(url, options);
  if (status !== 200) throw new Error(`status ${status}`);
  return text;
}
