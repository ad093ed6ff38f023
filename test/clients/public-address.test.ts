/**
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; addresses of well-known public name servers; WHATWG
 * URL, "host parsing", for the spellings of hosts.
 */
import type { LookupAddress } from 'node:dns';
import { expect, test } from '@jest/globals';
import { assertPublicHost, isPublicAddress, publicLookup } from '../../lib/clients/public-address.ts';

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

/** The first and the last address of each block that is not public, and its public neighbours. */
test.each([
  ['0.0.0.0', '0.255.255.255', undefined, '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['168.63.129.16', '168.63.129.16', '168.63.129.15', '168.63.129.17'],
  ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['192.31.196.0', '192.31.196.255', '192.31.195.255', '192.31.197.0'],
  ['192.52.193.0', '192.52.193.255', '192.52.192.255', '192.52.194.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['192.175.48.0', '192.175.48.255', '192.175.47.255', '192.175.49.0'],
  ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['224.0.0.0', '255.255.255.255', '223.255.255.255', undefined],
])('IPv4 addresses from %s to %s are not public, as such, mapped and NAT64', (first, last, before, after) => {
  for (const prefix of ['', '::ffff:', '64:ff9b::']) {
    for (const ip of [first, last]) expect([prefix + ip, isPublicAddress(prefix + ip)]).toEqual([prefix + ip, false]);
    for (const ip of [before, after].filter((neighbour) => neighbour !== undefined))
      expect([prefix + ip, isPublicAddress(prefix + ip)]).toEqual([prefix + ip, true]);
  }
});

test.each([
  ['the unspecified address', '::'],
  ['loopback', '::1'],
  ['loopback in full', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['loopback of IPv4, mapped, in hex', '::ffff:7f00:1'],
  ['loopback of IPv4, mapped, in full', '0:0:0:0:0:ffff:7f00:0001'],
  ['loopback of IPv4, NAT64, in hex', '64:ff9b::7f00:1'],
  ['IPv4-compatible', '::8.8.8.8'],
  ['IPv4-compatible in hex', '::808:808'],
  ['IPv4-compatible in full', '0:0:0:0:0:0:8.8.8.8'],
  ['IPv4-translated', '::ffff:0:8.8.8.8'],
  ['local NAT64', '64:ff9b:1::808:808'],
  ['beyond the 96 bits of NAT64', '64:ff9b::1:808:808'],
  ['discard only', '100::1'],
  ['Teredo', '2001::1'],
  ['benchmarking', '2001:2::1'],
  ['automatic multicast tunnelling', '2001:3::1'],
  ['AS112', '2001:4:112::1'],
  ['AS112, direct delegation', '2620:4f:8000::1'],
  ['ORCHID', '2001:10::1'],
  ['ORCHIDv2', '2001:20::1'],
  ['drone remote id', '2001:30::1'],
  ['the end of 2001::/23', '2001:1ff:ffff::1'],
  ['documentation', '2001:db8::1'],
  ['6to4', '2002:7f00:1::'],
  ['documentation, newer', '3fff:fff:ffff::1'],
  ['not allocated', '4000::1'],
  ['segment routing', '5f00::1'],
  ['unique local', 'fc00::1'],
  ['unique local, locally assigned', 'fd12:3456:789a::1'],
  ['link local', 'fe80::1'],
  ['link local with its zone', 'fe80::1%eth0'],
  ['public but for its zone', '2606:4700:4700::1111%eth0'],
  ['site local', 'fec0::1'],
  ['multicast', 'ff02::1'],
])('%s (%s) is not public', (_, ip) => {
  expect(isPublicAddress(ip)).toBe(false);
});

test.each(['2001:200::1', '2001:db7:ffff::1', '2001:db9::1', '2003::1', '2620:4f:8001::1', '3fff:1000::1', '3ffe::1'])(
  '%s, which is next to a reserved block, is public',
  (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  },
);

test.each(['', 'localhost', '127.1', '2130706433', '[::1]', '8.8.8.8 ', '8.8.8.8/32'])(
  '%j is not an address and therefore not public',
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
])('a target URL with the host %s is refused', (host) => {
  expect(() => assertPublicHost(new URL(`https://${host}:8443/a`).hostname)).toThrow('not on the public Internet');
});

test.each(['8.8.8.8', '[2606:4700:4700::1111]', 'example.com', 'localhost', 'localhost.', '127.0.0.1.example.com'])(
  'a target URL with the host %s passes: it is public or a name, which is checked when it is looked up',
  (host) => {
    expect(() => assertPublicHost(new URL(`https://${host}/`).hostname)).not.toThrow();
  },
);

const addresses = (...ips: string[]): LookupAddress[] =>
  ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** Looks a name up for a connection, with these addresses as the answer of DNS. @returns addresses or an error code */
function lookUp(answer: LookupAddress[] | NodeJS.ErrnoException, options: { all?: boolean } = { all: true }) {
  return new Promise<unknown>((resolve) => {
    const lookup = publicLookup((_name, _options, callback) =>
      answer instanceof Error ? callback(answer, []) : callback(null, answer),
    );
    lookup('hooks.example.com', options, (error, ...result) => resolve(error ? error.code : result));
  });
}

test('a name with public addresses resolves to exactly those, in their order', async () => {
  const answer = addresses('2606:4700:4700::1111', '1.1.1.1');
  expect(await lookUp(answer)).toEqual([answer]);
  expect(await lookUp(answer, {})).toEqual(['2606:4700:4700::1111', 6]);
});

test.each([
  [['10.0.0.1']],
  [['1.1.1.1', '10.0.0.1']],
  [['::1', '1.1.1.1']],
  [['1.1.1.1', '::ffff:169.254.169.254']],
  [[]],
])('a name that resolves to %j is refused', async (ips) => {
  expect(await lookUp(addresses(...ips))).toBe('ERR_ADDRESS_NOT_PUBLIC');
  expect(await lookUp(addresses(...ips), {})).toBe('ERR_ADDRESS_NOT_PUBLIC');
});

test('a name that does not exist fails with the error of DNS', async () => {
  expect(await lookUp(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))).toBe('ENOTFOUND');
});

test('all addresses of a name are looked up, even if the connection needs only one', () => {
  let dnsOptions: unknown;
  publicLookup((_name, options) => {
    dnsOptions = options;
  })('hooks.example.com', { family: 4 }, () => undefined);
  expect(dnsOptions).toEqual({ family: 4, all: true });
});

test.each(['localhost', 'localhost.'])('the name %s, resolved by this machine, is refused', async (name) => {
  const code = await new Promise((resolve) => publicLookup()(name, { all: true }, (error) => resolve(error?.code)));
  expect(['ERR_ADDRESS_NOT_PUBLIC', 'ENOTFOUND', 'EAI_AGAIN']).toContain(code);
});
