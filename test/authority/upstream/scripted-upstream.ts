/** The upstream authority over a real store, in front of a fake KMS that sends the replies that a test sets. */
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

/** A grant as the upstream lists it. */
export const upstreamGrant = (n: number, more: object = {}) => ({
  key_id: KEY,
  grant_id: grantIdOf(n),
  grantee_principal: 'c0000000000000000000000000000002',
  grantee_principal_type: 'user',
  operations: ['describe-key'],
  issuing_principal: 'c0000000000000000000000000000009',
  creation_date: '1497341531000',
  ...more,
});

/** A reply of the upstream: status and body, or a function that handles the response itself. */
export type Reply = [status: number, body: unknown] | ((response: ServerResponse) => unknown);

export const kmsError = (status: number, error_code: string): Reply => [
  status,
  { error: { error_code, error_msg: 'refused' } },
];

/** Closes the connection without a response. */
export const lostResponse: Reply = (response) => response.destroy();

export interface UpstreamFixture {
  store: Store;
  endpoint: string;
  /** The requests that the upstream received: the API's name, and the body without its sequence. */
  received: { api: string; fields: Record<string, unknown> }[];
  /** Headers of the last received request. */
  headers(): IncomingMessage['headers'];
  /** Body of the last received request. */
  lastBody(): string;
  /** Replies by API: each is sent once, in order, and the last one for every further request. */
  replies: Record<string, Reply[]>;
  /** Creates another authority in front of the same upstream, by default over the same store. */
  openAuthority(settings?: Partial<UpstreamSettings>, over?: Store): Authority;
  close(): Promise<void>;
}

export async function openUpstreamFixture(): Promise<UpstreamFixture> {
  const store = await openAuditedStore();
  const server: FakeServer = await startFakeServer();
  const received: UpstreamFixture['received'] = [];
  const repliesByApi: UpstreamFixture['replies'] = {};
  server.respondWith((response) => {
    const { path, body } = server.requests.at(-1) ?? { path: '', body: '{}' };
    const api = path.slice(path.lastIndexOf('/') + 1);
    const { sequence, ...fields } = JSON.parse(body) as Record<string, unknown>;
    received.push({ api, fields });
    const replies = repliesByApi[api] ?? [[500, 'the test sets no reply of this API']];
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) as Reply;
    if (typeof reply === 'function') return reply(response);
    const [status, content] = reply;
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    const type = typeof content === 'string' ? 'text/html' : 'application/json';
    return response
      .writeHead(status, { 'content-type': type, 'x-request-id': `upstream-${received.length}` })
      .end(text);
  });
  return {
    store,
    endpoint: server.endpoint,
    received,
    replies: repliesByApi,
    headers: () => server.requests.at(-1)?.headers ?? {},
    lastBody: () => server.requests.at(-1)?.body ?? '',
    openAuthority: (settings, over = store) =>
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
