/** A target on loopback that verifies and records webhook messages, and responds as the test says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

type Responder = (response: ServerResponse) => unknown;

export interface TargetRequest {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Parsed by `standardwebhooks`, or the error of its verification. */
  payload: { type: string; timestamp: string; data: { events: { event_id: string }[] } } | Error;
}

export interface FakeTarget {
  url: string;
  secret: string;
  requests: TargetRequest[];
  /** Returns the ids of all received events, repeated ones included. */
  eventIds(): string[];
  /** Waits until this many requests have been received in total. */
  waitForRequests(count: number): Promise<void>;
  /** Sets how the next requests are handled. The default is 204. */
  respondWith(responder: Responder): void;
  stop(): Promise<void>;
}

export const status =
  (code: number, headers: Record<string, string> = {}): Responder =>
  (response) =>
    response.writeHead(code, headers).end('thank you');

/** @param secret verifies the signatures */
export async function startFakeTarget(secret: string): Promise<FakeTarget> {
  const requests: TargetRequest[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let respond: Responder = status(204);
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const { headers } = request;
    requests.push({ id: String(headers['webhook-id']), headers, body, payload: payloadOf(secret, headers, body) });
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?key=in-the-query`,
    secret,
    requests,
    eventIds: () =>
      requests.flatMap(({ payload }) => {
        if (payload instanceof Error) throw payload;
        return payload.data.events.map(({ event_id }) => event_id);
      }),
    waitForRequests(count) {
      return new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      });
    },
    respondWith(responder) {
      respond = responder;
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function payloadOf(secret: string, headers: IncomingHttpHeaders, body: string): TargetRequest['payload'] {
  try {
    const payload = new Webhook(secret).verify(body, headers as Record<string, string>);
    return payload as Exclude<TargetRequest['payload'], Error>;
  } catch (error) {
    return error as Error;
  }
}
