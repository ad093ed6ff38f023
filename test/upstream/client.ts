/** An HTTP client over node:http, which is fast enough for the thousands of calls of these tests. */
import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read replies of every form
  body: any;
  ms: number;
}

export interface Client {
  post(url: string, token: string, body: object): Promise<Answer>;
  close(): void;
}

export function openClient(): Client {
  // Shorter than the server's idle timeout, so that the server never closes a connection while a call is being sent.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 });

  function post(url: string, token: string, body: object): Promise<Answer> {
    const startMs = performance.now();
    const text = JSON.stringify(body);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(token && { 'x-auth-token': token }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent, headers }, (response) => {
        response.toArray().then((chunks: Buffer[]) => {
          const ms = performance.now() - startMs;
          resolve({
            status: response.statusCode ?? 0,
            headers: new Headers(response.headers as Record<string, string>),
            body: JSON.parse(Buffer.concat(chunks).toString()),
            ms,
          });
        }, reject);
      });
      sent.once('error', reject);
      sent.end(text);
    });
  }

  return { post, close: () => agent.destroy() };
}
