import { expect, test } from '@jest/globals';
import { networkOf } from '../../lib/util/network-of.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1::1', '2001:db8:0:1'],
  ['2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1'],
  ['2001:0DB8:0000:0001::1', '2001:db8:0:1'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s belongs to the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

// Source: RFC 4291, section 2.5.5.2.
test.each(['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:c000:0201'])(
  'the IPv4-mapped address %s counts as the IPv4 address 192.0.2.1',
  (address) => {
    expect(networkOf(address)).toBe('192.0.2.1');
  },
);

test.each(['', 'unknown', 'not:an:address'])('the text %j, which is no address, is returned unchanged', (text) => {
  expect(networkOf(text)).toBe(text);
});
