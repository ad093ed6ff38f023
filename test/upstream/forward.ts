import { type Agent, type IncomingMessage, request } from 'node:http';
import type { UpstreamResponse } from './proxy.ts';

/** Headers of one connection (hop-by-hop), which are not forwarded. */
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Forwards a request with its Host and signature unchanged. @returns the complete response */
export function forward(origin: string, from: IncomingMessage, body: Buffer, agent: Agent): Promise<UpstreamResponse> {
  const headers = { ...endToEnd(from.headers), 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const sent = request(origin + from.url, { method: from.method ?? '', headers, agent }, (answer) => {
      answer.toArray().then((chunks: Buffer[]) => {
        const status = answer.statusCode ?? 0;
        resolve({ status, headers: endToEnd(answer.headers), body: Buffer.concat(chunks) });
      }, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function endToEnd(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (HOP.has(name) ? [] : [[name, String(value)]])),
  );
}
