import { ApiError, errorOf } from './error.ts';
import { type ApiRequest, bodyTextOf, headersOf } from './request.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
export type Call = <Reply>(request: ApiRequest<Reply>, options?: CallOptions) => Promise<Reply>;

export interface CallOptions {
  signal?: AbortSignal;
  /** Headers for this call only, such as the token of a sign-in. */
  headers?: Record<string, string>;
  /** Lets the request outlive the page. */
  keepalive?: boolean;
}

/**
 * Sends the request and returns the reply.
 * @throws ApiError for an error reply, and with status 0 if there is no reply
 */
export async function send(fetch: Fetch, request: ApiRequest, options: CallOptions = {}): Promise<Response> {
  const { headers, signal, keepalive } = options;
  const init: RequestInit = {
    method: request.method,
    headers: { ...headersOf(request), ...headers },
    credentials: 'omit',
    cache: 'no-store',
    ...(request.body !== undefined && { body: bodyTextOf(request) as string }),
    ...(signal && { signal }),
    ...(keepalive && { keepalive }),
  };
  let response: Response;
  try {
    response = await fetch(request.path, init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError({ status: 0, code: '', text: 'The service did not answer.', requestId: '' });
  }
  // 300 is how the list of versions answers.
  if (response.ok || response.status === 300) return response;
  throw errorOf(response.status, response.headers.get('x-request-id') ?? '', await response.text());
}

/** Returns the body of a reply; an empty one is an empty object. */
export async function bodyOf<Reply>(response: Response): Promise<Reply> {
  const text = await response.text();
  return (text === '' ? {} : JSON.parse(text)) as Reply;
}
