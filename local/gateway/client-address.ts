/** The address of the client of a request, also behind proxies. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** An address with a port, as some proxies write it: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;
/** An IPv4 address as a dual-stack socket shows it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/**
 * Returns a function that tells whether an address is one of a list.
 * @param entries addresses and CIDR ranges
 */
export function addressMatcher(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = familyOf(address);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** The address of the other end of a connection; '' when it is closed. */
export function peerAddress({ remoteAddress = '' }: { remoteAddress?: string | undefined }): string {
  return remoteAddress.replace(MAPPED, '');
}

/**
 * Returns the address from which the client of a request connects. Each proxy appends the address of its own client to
 * X-Forwarded-For, so the header is read from the right, and only as far as trusted proxies wrote it: a client can send
 * the header too.
 */
export function clientAddress({ socket, headers }: IncomingMessage, isTrustedProxy: (a: string) => boolean): string {
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  let address = peerAddress(socket);
  while (isTrustedProxy(address)) {
    const next = parseAddress(forwarded.pop());
    if (next === undefined) break;
    address = next;
  }
  return address;
}

function parseAddress(text = ''): string | undefined {
  const { bracketed, plain } = WITH_PORT.exec(text.trim())?.groups ?? {};
  const address = (bracketed ?? plain ?? text.trim()).replace(MAPPED, '');
  return isIP(address) === 0 ? undefined : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
