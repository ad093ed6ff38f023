/** Which addresses are of the public Internet, and how no connection is ever made to any other. */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Source: IANA IPv4 Special-Purpose Address Registry, and IANA IPv4 Address Space Registry for the last two. The few
 * blocks that are globally reachable but within one that is not (192.0.0.9) are of protocols other than HTTP.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  // The host of an Azure machine: public by its number, and not by what answers there.
  '168.63.129.16/32',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Source: IANA IPv6 Special-Purpose Address Registry; what lies within 2000::/3. In 2001::/23 nobody serves HTTP. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** Source: IANA IPv6 Address Space Registry: all the unicast addresses that there are. */
const UNICAST_IPV6 = '2000::/3';
/** An IPv4 address is in the last 32 bits, and decides. Source: RFC 4291, section 2.5.5.2; RFC 6052, section 2.1. */
const HOLDING_IPV4 = ['::ffff:', '64:ff9b::'];

const special = new BlockList();
for (const net of [...SPECIAL_IPV4, ...SPECIAL_IPV6]) add(special, net);
for (const prefix of HOLDING_IPV4) for (const net of SPECIAL_IPV4) add(special, holding(prefix, net));

const reachable = new BlockList();
for (const net of ['0.0.0.0/0', UNICAST_IPV6, ...HOLDING_IPV4.map((prefix) => `${prefix}0.0.0.0/96`)])
  add(reachable, net);

function add(list: BlockList, net: string): void {
  const [address = '', bits] = net.split('/');
  list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}

/** The part of IPv6 that holds a part of IPv4. */
function holding(prefix: string, net: string): string {
  const [address, bits] = net.split('/');
  return `${prefix}${address}/${96 + Number(bits)}`;
}

/** Whether this is the address of a host on the public Internet; false for what is no address. */
export function isPublicAddress(ip: string): boolean {
  // An address with a zone is of this machine's own network.
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  return reachable.check(ip, family) && !special.check(ip, family);
}

/** A name or an address that leads to where nothing may be sent. */
class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
  readonly code = 'ERR_ADDRESS_NOT_PUBLIC';

  constructor() {
    super('the address is not of the public Internet');
  }
}

/**
 * Checks a host that is an address, for such a one is never looked up.
 * @param host as URL has it: every spelling of an IPv4 address has become the one with four numbers, IPv6 is in brackets
 * @throws NotPublicError
 */
export function assertNoPrivateAddress(host: string): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw new NotPublicError();
}

/** As dns.lookup of node:dns, for all addresses of a name. */
export type Resolve = (
  name: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Makes a `lookup` for connections. What it has checked is what it hands over, so a name that leads elsewhere a moment
 * later changes nothing. One address that is not public is enough to refuse the name: which of them gets connected is
 * not known here. The connection gets a NotPublicError then.
 */
export function publicLookup(resolve: Resolve = lookup): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new NotPublicError(), []);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
