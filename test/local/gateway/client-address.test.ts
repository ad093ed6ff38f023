import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { addressMatcher, clientAddress } from '../../../local/gateway/client-address.ts';

const PROXIES = ['127.0.0.1', '10.0.0.0/8', '2001:db8:1::/48'];
const addressOf = (remoteAddress: string, forwarded?: string) =>
  clientAddress(
    { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage,
    addressMatcher(PROXIES),
  );

test.each([
  ['no proxy', '192.0.2.1', undefined, '192.0.2.1'],
  ['a client that sends the header itself', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['a trusted proxy', '127.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['a trusted proxy, and a client that sent the header too', '127.0.0.1', '198.51.100.7, 192.0.2.1', '192.0.2.1'],
  ['two trusted proxies', '127.0.0.1', '198.51.100.7,192.0.2.1 , 10.1.2.3', '192.0.2.1'],
  ['only trusted proxies', '127.0.0.1', '10.1.2.3, 10.9.9.9', '10.1.2.3'],
  ['a trusted proxy without the header', '10.1.2.3', undefined, '10.1.2.3'],
  ['a trusted proxy and no address', '10.1.2.3', 'unknown', '10.1.2.3'],
  ['no address left of a proxy', '127.0.0.1', '192.0.2.1, nonsense, 10.1.2.3', '10.1.2.3'],
  ['an empty header', '127.0.0.1', '', '127.0.0.1'],
  ['an address with a port', '127.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
  ['an IPv6 address', '127.0.0.1', '2001:db8::7', '2001:db8::7'],
  ['an IPv6 address with a port', '127.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['an IPv6 range', '2001:db8:1:2::3', '192.0.2.1', '192.0.2.1'],
  ['an IPv4 peer of a dual-stack socket', '::ffff:127.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
  ['a prefix of a trusted address', '127.0.0.12', '192.0.2.1', '127.0.0.12'],
  ['a connection that is closed', '', '192.0.2.1', ''],
])('%s', (_, remoteAddress, forwarded, expected) => {
  expect(addressOf(remoteAddress, forwarded)).toBe(expected);
});
