/** A server on loopback that is told what has changed: it checks and keeps what arrives and answers as the test says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

export type Behaviour = (response: ServerResponse) => unknown;

export interface Arrived {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** What `standardwebhooks` has read of it, once it has found the signature good; the fault it found, otherwise. */
  payload: { type: string; timestamp: string; data: { events: { event_id: string }[] } } | Error;
}

export interface HookTarget {
  url: string;
  secret: string;
  arrived: Arrived[];
  /** The ids of the events that have arrived, each as often as it came. */
  eventIds(): string[];
  /** When so many messages have arrived in all. */
  arrivals(count: number): Promise<void>;
  /** What it does with the next requests. */
  answer(how: Behaviour): void;
  stop(): Promise<void>;
}

export const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(code, headers).end('thank you');

/** @param secret with which it checks */
export async function startTarget(secret: string): Promise<HookTarget> {
  const arrived: Arrived[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let answer: Behaviour = status(204);
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const { headers } = request;
    arrived.push({ id: String(headers['webhook-id']), headers, body, payload: payloadOf(secret, headers, body) });
    for (const { count, resolve } of waiting) if (arrived.length >= count) resolve();
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?key=in-the-query`,
    secret,
    arrived,
    eventIds: () =>
      arrived.flatMap(({ payload }) => {
        if (payload instanceof Error) throw payload;
        return payload.data.events.map(({ event_id }) => event_id);
      }),
    arrivals(count) {
      return new Promise((resolve) => {
        if (arrived.length >= count) resolve();
        else waiting.push({ count, resolve });
      });
    },
    answer(how) {
      answer = how;
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

function payloadOf(secret: string, headers: IncomingHttpHeaders, body: string): Arrived['payload'] {
  try {
    return new Webhook(secret).verify(body, headers as Record<string, string>) as Exclude<Arrived['payload'], Error>;
  } catch (error) {
    return error as Error;
  }
}
