/** Decides which addresses belong to the public Internet, and refuses connections to all others. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** IPv6 unicast addresses in use. Source: IANA IPv6 Address Space Registry. */
const GLOBAL_UNICAST_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Addresses whose last 32 bits are an IPv4 address. Source: RFC 4291, section 2.5.5.2; RFC 6052, section 2.1. */
const IPV4_EMBEDDING = ['::ffff:0:0/96', '64:ff9b::/96'].map((range) => ipaddr.IPv6.parseCIDR(range));
/**
 * A service of the host of each Azure virtual machine. Source: Azure documentation, "What is IP address 168.63.129.16?"
 */
const AZURE_HOST = '168.63.129.16';

/** Returns whether this is the address of a host on the public Internet; false for a text that is no address. */
export function isPublicAddress(ip: string): boolean {
  // An address with a zone belongs to a local network.
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  // ipaddr.js reads the retired form ::8.8.8.8 as ::ffff:8.8.8.8; no address that begins like this is public.
  if (/^::[\d.]+$/.test(ip)) return false;
  const address = ipaddr.parse(ip);
  if (address.kind() === 'ipv4' || IPV4_EMBEDDING.some((range) => address.match(range))) {
    const ipv4 = new ipaddr.IPv4(address.toByteArray().slice(-4));
    return ipv4.range() === 'unicast' && ipv4.toString() !== AZURE_HOST;
  }
  return address.match(GLOBAL_UNICAST_IPV6) && address.range() === 'unicast';
}

class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
  readonly code = 'ERR_ADDRESS_NOT_PUBLIC';

  constructor() {
    super('the address is not on the public Internet; to send to it, set allow_private for this target');
  }
}

/**
 * Checks a host that is an address, because node:http does not look such a host up. A host name passes.
 * @param host `hostname` of a URL: IPv4 as four decimal numbers, IPv6 in brackets
 * @throws NotPublicError
 */
export function assertPublicHost(host: string): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw new NotPublicError();
}

/** dns.lookup of node:dns, for all addresses of a name. */
export type Resolve = (
  name: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Returns a `lookup` for connections that fails with NotPublicError when any address of the name is not public. The
 * connection uses the addresses that were checked, so a name that changes its address afterwards has no effect.
 * @param proxies names that may have any address
 */
export function publicLookup(resolve: Resolve = lookup, proxies: readonly string[] = []): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      const isAllowed = proxies.includes(name) || addresses.every(({ address }) => isPublicAddress(address));
      if (!first || !isAllowed) {
        return callback(new NotPublicError(), []);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
