/**
 * The part of GitHub's API that lists and repeats the deliveries of a webhook, and the sender behind it.
 * Source: GitHub Docs, REST API, "Organization webhooks", "List deliveries for an organization webhook" and "Redeliver
 * a delivery for an organization webhook"; "Using pagination in the REST API".
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sign } from '@octokit/webhooks-methods';

export const TOKEN = 'github_pat_0123456789';

export interface FakeDelivery {
  /** Decimal text, because the ids of GitHub may be greater than 2^53, where numbers lose digits. */
  id: string;
  guid: string;
  event: string;
  body: { action?: string };
  deliveredAt: string;
  statusCode: number;
}

export interface FakeGitHub {
  url: string;
  /** Newest first, as GitHub lists them. */
  deliveries: FakeDelivery[];
  /** Method and URL of each request. */
  requests: string[];
  /** Answers all requests, or those to `url`, with this instead. */
  refuseWith?: { status: number; headers?: Record<string, string>; url?: string } | undefined;
  stop(): Promise<void>;
}

/**
 * @param path of the webhook, such as `/orgs/acme/hooks/7`
 * @param receiver the address and the secret of the webhook
 */
export async function startFakeGitHub(path: string, receiver: { url: string; secret: string }): Promise<FakeGitHub> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gitHub: FakeGitHub = {
    url,
    deliveries: [],
    requests: [],
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    gitHub.requests.push(`${request.method} ${request.url}`);
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    const send = (status: number, body: string, headers = {}) => response.writeHead(status, headers).end(body);
    const refusal = gitHub.refuseWith;
    if (refusal && (refusal.url ?? request.url) === request.url) {
      return void send(refusal.status, '{"message":"no"}', refusal.headers);
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void send(401, '{"message":"Bad credentials"}');
    if (request.method === 'GET' && pathname === `${path}/deliveries`) {
      const size = Number(searchParams.get('per_page') ?? 30);
      const start = Number(searchParams.get('cursor') ?? 0);
      const page = gitHub.deliveries.slice(start, start + size);
      const isLast = start + size >= gitHub.deliveries.length;
      const next = `<${url}${path}/deliveries?per_page=${size}&cursor=${start + size}>; rel="next"`;
      return void send(200, `[${page.map(itemOf).join(',')}]`, isLast ? {} : { link: next });
    }
    const id = new RegExp(`^${path}/deliveries/(\\d+)/attempts$`).exec(pathname)?.[1];
    const delivery = gitHub.deliveries.find((one) => one.id === id);
    if (request.method !== 'POST' || !delivery) return void send(404, '{"message":"Not Found"}');
    await deliver(delivery);
    send(202, '{}');
  }

  async function deliver({ guid, event, body }: FakeDelivery): Promise<void> {
    const text = JSON.stringify(body);
    const signature = await sign(receiver.secret, text);
    const headers = { 'x-github-event': event, 'x-github-delivery': guid, 'x-hub-signature-256': signature };
    await fetch(receiver.url, { method: 'POST', headers, body: text });
  }

  return gitHub;
}

/** Written by hand, because the id must keep all its digits. */
const itemOf = ({ id, guid, event, body, deliveredAt, statusCode }: FakeDelivery) =>
  `{"id":${id},"guid":"${guid}","delivered_at":"${deliveredAt}","redelivery":false,"duration":0.27,` +
  `"status":"${statusCode === 200 ? 'OK' : `Invalid HTTP Response: ${statusCode}`}","status_code":${statusCode},` +
  `"event":"${event}","action":${JSON.stringify(body.action ?? null)},"installation_id":null,"repository_id":null,` +
  '"throttled_at":null}';
