/** The upstream authority over a real store, in front of a KMS that answers as the test says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authority } from '../../../lib/authority/authority.ts';
import { upstream } from '../../../lib/authority/upstream/upstream.ts';
import type { UpstreamSettings } from '../../../lib/config.ts';
import type { Store } from '../../../lib/store/store.ts';
import { openAuditedStore } from '../../support/audited-store.ts';
import { type FakeServer, startFakeServer } from '../../support/aws/fake-server.ts';

export const KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
export const OTHER_KEY = 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e';
export const grantIdOf = (n: number) => String(n).padStart(64, '0');

/** A grant as the cloud lists it. */
export const listed = (n: number, more: object = {}) => ({
  key_id: KEY,
  grant_id: grantIdOf(n),
  grantee_principal: 'c0000000000000000000000000000002',
  grantee_principal_type: 'user',
  operations: ['describe-key'],
  issuing_principal: 'c0000000000000000000000000000009',
  creation_date: '1497341531000',
  ...more,
});

/** One answer of the cloud: a status and a body, or whatever else it does with the connection. */
export type Reply = [status: number, body: unknown] | ((response: ServerResponse) => unknown);

export const kmsError = (status: number, error_code: string): Reply => [
  status,
  { error: { error_code, error_msg: 'refused' } },
];

/** Ends the connection without an answer. */
export const lost: Reply = (response) => response.destroy();

export interface CloudWorld {
  store: Store;
  endpoint: string;
  /** What came to the cloud: the name of the API and the body, without its sequence. */
  asked: { api: string; fields: Record<string, unknown> }[];
  /** Of the last that came. */
  headers(): IncomingMessage['headers'];
  lastBody(): string;
  /** What the cloud answers to an API: each in turn, the last one for good. */
  script: Record<string, Reply[]>;
  /** Another process in front of the same cloud, over the same store. */
  open(settings?: Partial<UpstreamSettings>, over?: Store): Authority;
  close(): Promise<void>;
}

export async function openCloudWorld(): Promise<CloudWorld> {
  const store = await openAuditedStore();
  const server: FakeServer = await startFakeServer();
  const asked: CloudWorld['asked'] = [];
  const script: CloudWorld['script'] = {};
  server.respondWith((response) => {
    const { path, body } = server.requests.at(-1) ?? { path: '', body: '{}' };
    const api = path.slice(path.lastIndexOf('/') + 1);
    const { sequence, ...fields } = JSON.parse(body) as Record<string, unknown>;
    asked.push({ api, fields });
    const replies = script[api] ?? [[500, 'not in the script']];
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) as Reply;
    if (typeof reply === 'function') return reply(response);
    const [status, told] = reply;
    const text = typeof told === 'string' ? told : JSON.stringify(told);
    const type = typeof told === 'string' ? 'text/html' : 'application/json';
    return response.writeHead(status, { 'content-type': type, 'x-request-id': `cloud-${asked.length}` }).end(text);
  });
  return {
    store,
    endpoint: server.endpoint,
    asked,
    script,
    headers: () => server.requests.at(-1)?.headers ?? {},
    lastBody: () => server.requests.at(-1)?.body ?? '',
    open: (settings, over = store) =>
      upstream(
        over,
        { endpoint: server.endpoint, credentials: 'caller', ratePerSecond: 1000, timeoutMs: 2_000, ...settings },
        { now: Date.now, isSingleHost: true },
      ),
    async close() {
      await server.stop();
      await store.close();
    },
  };
}
