/**
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; addresses of well-known public name servers; WHATWG URL,
 * "host parsing", for the spellings.
 */
import type { LookupAddress } from 'node:dns';
import { expect, test } from '@jest/globals';
import { assertNoPrivateAddress, isPublicAddress, publicLookup } from '../../lib/clients/public-address.ts';

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '9.9.9.9',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2620:fe::fe',
  '2a00:1450::1',
])('%s is public', (ip) => {
  expect(isPublicAddress(ip)).toBe(true);
});

/** The first and the last address of each block that is not public, and its neighbours outside, where they are. */
test.each([
  ['0.0.0.0', '0.255.255.255', undefined, '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['224.0.0.0', '255.255.255.255', '223.255.255.255', undefined],
])('from %s to %s nothing is public, whatever holds it', (first, last, before, after) => {
  for (const ip of [first, last]) {
    for (const prefix of ['', '::ffff:', '64:ff9b::'])
      expect([prefix + ip, isPublicAddress(prefix + ip)]).toEqual([prefix + ip, false]);
  }
  for (const ip of [before, after].filter((one) => one !== undefined)) {
    for (const prefix of ['', '::ffff:', '64:ff9b::'])
      expect([prefix + ip, isPublicAddress(prefix + ip)]).toEqual([prefix + ip, true]);
  }
});

test.each([
  ['the unspecified address', '::'],
  ['loopback', '::1'],
  ['loopback in full', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['loopback of IPv4, mapped, in hex', '::ffff:7f00:1'],
  ['loopback of IPv4, mapped, in full', '0:0:0:0:0:ffff:7f00:0001'],
  ['loopback of IPv4, translated, in hex', '64:ff9b::7f00:1'],
  ['IPv4-compatible', '::8.8.8.8'],
  ['local translation', '64:ff9b:1::808:808'],
  ['discard only', '100::1'],
  ['Teredo', '2001::1'],
  ['benchmarking', '2001:2::1'],
  ['the end of 2001::/23', '2001:1ff:ffff::1'],
  ['documentation', '2001:db8::1'],
  ['6to4', '2002:7f00:1::'],
  ['documentation, newer', '3fff:fff:ffff::1'],
  ['not given out', '4000::1'],
  ['segment routing', '5f00::1'],
  ['unique local', 'fc00::1'],
  ['unique local, as in use', 'fd12:3456:789a::1'],
  ['link local', 'fe80::1'],
  ['link local with its zone', 'fe80::1%eth0'],
  ['public but for its zone', '2606:4700:4700::1111%eth0'],
  ['site local', 'fec0::1'],
  ['multicast', 'ff02::1'],
])('%s (%s) is not public', (_, ip) => {
  expect(isPublicAddress(ip)).toBe(false);
});

test.each(['2001:200::1', '2001:db7:ffff::1', '2001:db9::1', '2003::1', '3fff:1000::1', '3ffe::1'])(
  'beside a block, %s is public',
  (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  },
);

test.each(['', 'localhost', '127.1', '2130706433', '[::1]', '8.8.8.8 ', '8.8.8.8/32'])(
  '%j is no address, so not a public one',
  (text) => {
    expect(isPublicAddress(text)).toBe(false);
  },
);

test.each([
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '127.0.0.1.',
  '１２７.0.0.1',
  '127。0。0。1',
  '0',
  '10.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[64:ff9b::a9fe:a9fe]',
  '[fd00:ec2::254]',
  '[::]',
])('the host %s of a URL is refused', (host) => {
  expect(() => assertNoPrivateAddress(new URL(`https://${host}:8443/a`).hostname)).toThrow(
    'not of the public Internet',
  );
});

test.each(['8.8.8.8', '[2606:4700:4700::1111]', 'example.com', 'localhost', 'localhost.', '127.0.0.1.example.com'])(
  'the host %s is left to the look-up, or public',
  (host) => {
    expect(() => assertNoPrivateAddress(new URL(`https://${host}/`).hostname)).not.toThrow();
  },
);

const addresses = (...ips: string[]): LookupAddress[] =>
  ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** What the connection is told of a name with these addresses. */
function lookUp(found: LookupAddress[] | NodeJS.ErrnoException, options: { all?: boolean } = { all: true }) {
  return new Promise<unknown>((resolve) => {
    const lookup = publicLookup((_name, _options, callback) =>
      found instanceof Error ? callback(found, []) : callback(null, found),
    );
    lookup('hooks.example.com', options, (error, ...told) => resolve(error ? error.code : told));
  });
}

test('a name with public addresses: exactly those are handed over, in their order', async () => {
  const found = addresses('2606:4700:4700::1111', '1.1.1.1');
  expect(await lookUp(found)).toEqual([found]);
  expect(await lookUp(found, {})).toEqual(['2606:4700:4700::1111', 6]);
});

test.each([
  [['10.0.0.1']],
  [['1.1.1.1', '10.0.0.1']],
  [['::1', '1.1.1.1']],
  [['1.1.1.1', '::ffff:169.254.169.254']],
  [[]],
])('a name with %j is refused as a whole', async (ips) => {
  expect(await lookUp(addresses(...ips))).toBe('ERR_ADDRESS_NOT_PUBLIC');
  expect(await lookUp(addresses(...ips), {})).toBe('ERR_ADDRESS_NOT_PUBLIC');
});

test('a name that is not found is told as it is', async () => {
  expect(await lookUp(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))).toBe('ENOTFOUND');
});

test('all addresses are asked for, whatever the connection wants', () => {
  let asked: unknown;
  publicLookup((_name, options) => {
    asked = options;
  })('hooks.example.com', { family: 4 }, () => undefined);
  expect(asked).toEqual({ family: 4, all: true });
});

test.each(['localhost', 'localhost.'])('%s, as this machine resolves it, is refused', async (name) => {
  const code = await new Promise((resolve) => publicLookup()(name, { all: true }, (error) => resolve(error?.code)));
  expect(['ERR_ADDRESS_NOT_PUBLIC', 'ENOTFOUND', 'EAI_AGAIN']).toContain(code);
});
