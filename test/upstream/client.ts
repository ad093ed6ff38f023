/** The client of the tests: node:http itself, for thousands of calls are made. */
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
  // Well before a server gives up an idle connection, lest it does so while a call is being sent.
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
