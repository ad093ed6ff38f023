/** Checks every reply of a server against the OpenAPI document, whoever sent the request. */
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { replyChecker, type SentReply } from './reply-check.ts';
import { addViolation } from './violations.ts';

/** Call it before the server listens. */
export async function watchReplies(server: Server): Promise<void> {
  const check = await replyChecker();
  const watch = (request: IncomingMessage, response: ServerResponse) => {
    const { writeHead, end } = response;
    let headers: OutgoingHttpHeaders = {};
    response.writeHead = (status: number, sent?: unknown) => {
      headers = sent as OutgoingHttpHeaders;
      return writeHead.call(response, status, headers);
    };
    response.end = ((body?: Buffer) => {
      if (request.method !== 'OPTIONS') report(check, replyOf(request, response.statusCode, headers, body));
      return end.call(response, body, 'utf8');
    }) as typeof end;
  };
  server.prependListener('request', watch);
  server.prependListener('checkExpectation', watch);
}

function replyOf(
  { method = '', url = '' }: IncomingMessage,
  status: number,
  headers: OutgoingHttpHeaders,
  body: Buffer = Buffer.alloc(0),
): SentReply {
  const encoding = String(headers['content-encoding'] ?? '');
  const decode = { br: brotliDecompressSync, gzip: gunzipSync }[encoding] ?? ((bytes: Buffer) => bytes);
  const [path = ''] = url.replace(/^https?:\/\/[^/?]+/i, '').split('?');
  return { method, path, status, headers: headers as SentReply['headers'], body: decode(body).toString() };
}

/** Notes what is wrong with the reply. */
export function report(check: (reply: SentReply) => string | undefined, reply: SentReply): void {
  const problem = check(reply);
  if (problem === undefined) return;
  const { method, path, status, body } = reply;
  addViolation(reply, `${method} ${path} -> ${status}: ${problem}\n  ${body.slice(0, 500)}`);
}
