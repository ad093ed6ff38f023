import { isIPv6 } from 'node:net';

const GROUPS = 8;
/** Source: RFC 4291, section 2.5.5.2, "IPv4-Mapped IPv6 Address". */
const MAPPED_PREFIX = '0:0:0:0:0:ffff';

/**
 * Returns what a limit for each client address counts by: an IPv4 address as it is, also when it is written as an IPv6
 * address, and the first 64 bits of another IPv6 address, because one host usually has all addresses that begin with
 * them.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join(':') !== MAPPED_PREFIX) return groups.slice(0, 4).join(':');
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address, in lower case and without leading zeros. */
function groupsOf(address: string): string[] {
  const [withoutZone] = address.split('%');
  // A URL has the shortest form of its address. Source: URL standard, section 3.5, "IPv6 serializer".
  const shortest = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = shortest.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  return [...head, ...Array(GROUPS - head.length - tail.length).fill('0'), ...tail];
}
