/** Requests as plain values: what a button sends and what its curl shows is the same value. */
export interface ApiRequest<Reply = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with a slash; includes the query. */
  path: string;
  body?: object | undefined;
  /** Only in types: what `call` returns for it. */
  readonly reply?: Reply;
}

/** Returns the bytes of the body as text; undefined for a request without one. */
export function bodyTextOf({ body }: ApiRequest): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

/** Returns the headers that the request needs besides the token. */
export function headersOf(request: ApiRequest): Record<string, string> {
  return request.body === undefined ? {} : { 'Content-Type': 'application/json' };
}

/** Returns a name that is equal for equal requests, as the key of a cache. */
export function cacheKeyOf(request: ApiRequest): readonly string[] {
  return [request.path, request.method, bodyTextOf(request) ?? ''];
}

const shellQuoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * Returns the request as a command of a POSIX shell. The token is the variable TOKEN, so no screen shows it.
 * @param origin of the service, such as `https://kms.example.com`
 */
export function curlOf(request: ApiRequest, origin: string): string {
  const body = bodyTextOf(request);
  const headers = Object.entries(headersOf(request)).map(([name, value]) => `-H ${shellQuoted(`${name}: ${value}`)}`);
  return [
    `curl -X ${request.method} ${shellQuoted(origin + request.path)}`,
    '-H "X-Auth-Token: $TOKEN"',
    ...headers,
    ...(body === undefined ? [] : [`--data-raw ${shellQuoted(body)}`]),
  ].join(' \\\n  ');
}
