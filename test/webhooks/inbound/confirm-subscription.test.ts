/**
 * The call that confirms a subscription, to a server on this machine.
 * Also tests: lib/webhooks/inbound/embedded-json.ts.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { KmsError } from '../../../lib/errors.ts';
import { logger } from '../../../lib/logger.ts';
import { smn } from '../../../lib/webhooks/inbound/adapters/smn.ts';
import { sns } from '../../../lib/webhooks/inbound/adapters/sns.ts';
import {
  type ConfirmRule,
  confirmSubscription,
  isConfirmHost,
} from '../../../lib/webhooks/inbound/confirm-subscription.ts';
import {
  newSigner,
  SMN_TOPIC,
  SNS_TOPIC,
  smnConfirmation,
  smnNotification,
  snsConfirmation,
} from '../../support/notifications.ts';
import { requestOf, sourceFor } from './adapters/request.ts';

let server: Server;
let host: string;
let received: string[];
let respond: RequestListener;
beforeAll(async () => {
  server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received = [];
  respond = (_, response) => response.end('<ConfirmSubscriptionResponse/>');
});
afterAll(() => void server.close());

const QUERY = `token=secret-token&topic_urn=${SMN_TOPIC}&region=eu-de&region_id=eu-de`;
const rule = (change: Partial<ConfirmRule> = {}): ConfirmRule => ({
  isHost: (name) => name === 'console.example.com',
  extraHosts: [host],
  path: '/smn/subscription/confirm',
  query: { topic_urn: SMN_TOPIC },
  ...change,
});
const localUrl = () => `http://${host}/smn/subscription/confirm?${QUERY}`;

/** Returns the status and the cause of the error with which the call fails. */
async function failureOf(work: Promise<unknown> | undefined) {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    expect(error.message).not.toContain('secret-token');
    expect(String(error.cause)).not.toContain('secret-token');
    return [error.status, String(error.cause)];
  }
}

test('a subscription is confirmed by one GET of its URL that is answered with a 2xx status', async () => {
  await confirmSubscription(localUrl(), rule());
  expect(received).toEqual([`GET /smn/subscription/confirm?${QUERY}`]);
});

test.each([302, 400, 404, 500, 503])(
  'a confirmation that is answered with status %i fails, and the sender gets 503',
  async (status) => {
    respond = (_, response) => response.writeHead(status, { location: localUrl() }).end();
    expect(await failureOf(confirmSubscription(localUrl(), rule()))).toEqual([503, `status ${status}`]);
    expect(received).toHaveLength(1);
  },
);

test('a confirmation whose connection is closed without a response fails, and the sender gets 503', async () => {
  respond = (request) => void request.socket.destroy();
  expect(await failureOf(confirmSubscription(localUrl(), rule()))).toEqual([503, expect.stringContaining('lost')]);
});

test.each([
  ['another host', 'https://example.com/smn/subscription/confirm?Q', 'the host example.com is neither'],
  [
    'a longer host',
    'https://console.example.com.evil.net/smn/subscription/confirm?Q',
    'the host console.example.com.e',
  ],
  ['another port', 'https://console.example.com:8443/smn/subscription/confirm?Q', 'not https on port 443'],
  ['http', 'http://console.example.com/smn/subscription/confirm?Q', 'not https on port 443'],
  ['http on another port of this machine', 'http://127.0.0.1:1/smn/subscription/confirm?Q', 'not https on port 443'],
  ['a private address', 'https://10.0.0.1/smn/subscription/confirm?Q', 'the host 10.0.0.1 is neither'],
  ['a user', 'https://console.example.com@example.com/smn/subscription/confirm?Q', 'has a user'],
  ['a fragment', 'https://console.example.com/smn/subscription/confirm?Q#x', 'has a user or a fragment'],
  ['another path', 'https://console.example.com/smn/subscription/unsubscribe?Q', 'the path'],
  ['a path with dots', 'https://console.example.com/smn/subscription/confirm/../x?Q', 'the path'],
  ['no topic', 'https://console.example.com/smn/subscription/confirm?token=secret-token', 'the query'],
  ['another topic', 'https://console.example.com/smn/subscription/confirm?topic_urn=urn:smn:a:b:c', 'the query'],
  ['two topics', `https://console.example.com/smn/subscription/confirm?Q&topic_urn=${SMN_TOPIC}`, 'the query'],
  ['no URL', 'console.example.com', 'malformed'],
  ['a script', 'javascript:alert(1)', 'not https'],
])('a confirmation URL with %s is not requested, and the sender gets 503', async (_, url, cause) => {
  const failure = await failureOf(confirmSubscription(url.replace('Q', QUERY), rule()));
  expect(failure).toEqual([503, expect.stringContaining(cause)]);
  expect(received).toEqual([]);
});

test.each([
  ['console.otc.t-systems.com', true],
  ['127.0.0.1:8080', true],
  ['127.0.0.1', false],
  ['127.0.0.2:8080', false],
  ['localhost', false],
  ['console.example.com:8443', false],
  ['https://console.example.com', false],
  ['*.example.com', false],
])('whether %s may be one of confirm_hosts: %j', (name, isAllowed) => {
  expect(isConfirmHost(name)).toBe(isAllowed);
});

const NOW = Date.now();
const signer = newSigner();
const source = (topic = SMN_TOPIC) => sourceFor(smn, { topics: [topic], confirm_hosts: [host] }) as never;

test('SMN: the confirmation of a listed topic is answered after it was confirmed', async () => {
  const lines = jest.spyOn(logger, 'info').mockImplementation(() => undefined);
  const request = requestOf(smnConfirmation(localUrl(), { signer, atMs: NOW }));
  expect(await smn.handshake?.(request, source())).toEqual({ state: 'confirmed' });
  expect(lines.mock.calls).toEqual([['webhook', { source: 'source', topic: SMN_TOPIC, subscription: 'confirmed' }]]);
  expect(received).toEqual([`GET /smn/subscription/confirm?${QUERY}`]);
});

test('SMN: while the console is not available, the reply is 503, so that SMN sends the message again', async () => {
  respond = (_, response) => response.writeHead(503).end();
  const request = requestOf(smnConfirmation(localUrl(), { signer, atMs: NOW }));
  expect(await failureOf(smn.handshake?.(request, source()) as Promise<unknown>)).toEqual([503, 'status 503']);
});

test('SMN: a message that is no SubscriptionConfirmation causes no request', async () => {
  const ended = smnConfirmation(localUrl(), { signer, atMs: NOW }, 'UnsubscribeConfirmation');
  for (const body of [ended, smnNotification('text', { signer, atMs: NOW, fields: { subscribe_url: localUrl() } })]) {
    expect(await smn.handshake?.(requestOf(body), source())).toBeUndefined();
  }
  expect(received).toEqual([]);
});

test('SMN: only consoles of Huawei Cloud confirm, unless the settings name others', async () => {
  const failure = (name: string) => {
    const url = `https://${name}/smn/subscription/other?topic_urn=${SMN_TOPIC}`;
    const body = smnConfirmation(url, { signer, atMs: NOW });
    return failureOf(smn.handshake?.(requestOf(body), source()) as Promise<unknown>);
  };
  // The path is wrong, so that nothing is requested.
  for (const name of ['console.huaweicloud.com', 'sa-brazil-1-console.huaweicloud.com']) {
    expect(await failure(name)).toEqual([503, 'the path is not that of a confirmation']);
  }
  for (const name of ['console.otc.t-systems.com', 'evil.huaweicloud.com', 'xconsole.huaweicloud.com']) {
    expect(await failure(name)).toEqual([503, expect.stringContaining(`the host ${name} is neither`)]);
  }
});

test('SNS: the confirmation must be a ConfirmSubscription of the signed topic and token', async () => {
  const snsSource = sourceFor(sns, { topics: [SNS_TOPIC], confirm_hosts: [host] }) as never;
  const confirm = (query: string, where = `http://${host}`) => {
    const request = requestOf(snsConfirmation(`${where}/?${query}`, { signer, atMs: NOW }));
    return sns.handshake?.(request, snsSource) as Promise<unknown>;
  };
  const query = `Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}&Token=2336412f37fb687f`;
  expect(await confirm(query)).toEqual({ state: 'confirmed' });
  expect(received).toEqual([`GET /?${query}`]);
  for (const other of [
    query.replace('ConfirmSubscription', 'Unsubscribe'),
    query.replace('2336412f37fb687f', 'ffff'),
    query.replace('123456789012', '999999999999'),
  ]) {
    expect(await failureOf(confirm(other))).toEqual([503, 'the query is not that of the signed message']);
  }
  for (const where of ['https://sns.us-west-2.amazonaws.com', 'https://sns.us-east-1.amazonaws.com.example.com']) {
    expect(await failureOf(confirm(query, where))).toEqual([503, expect.stringContaining('is neither')]);
  }
  expect(received).toHaveLength(1);
});
