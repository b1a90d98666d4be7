import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Blocklist of addresses that a receiver's name must not resolve to: this machine and its network (IANA
 * special-purpose registries, RFC 6890). Otherwise whoever may add a receiver could make the server call its own
 * neighbours.
 */
const CLOSED = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  CLOSED.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  CLOSED.addSubnet(net, bits, 'ipv6');
/** All global unicast addresses (RFC 4291 section 2.4). Mapped, translated, local and multicast addresses are not among them. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !CLOSED.check(address, 'ipv4');
    case 6:
      return GLOBAL.check(address, 'ipv6') && !CLOSED.check(address, 'ipv6');
    default:
      return false;
  }
}

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * The `lookup` of a socket: it connects to the very address that was checked, so a name that resolves differently the
 * second time gains nothing. One private address among several refuses all of them.
 */
export const publicLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, []);
    if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
      return done(new AddressRefused('the name leads to a private address'), []);
    const [first] = found;
    if (options.all === true) return done(null, found);
    return done(null, first?.address ?? '', first?.family ?? 0);
  });
};

/** Host of an address in the form that sockets need: IPv6 without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Whether a socket may connect there. Names are checked again when they are resolved. */
export function mayConnect(url: URL, allowed: readonly string[]): boolean {
  if (allowed.includes(url.host)) return true;
  const host = hostOf(url);
  return isIP(host) === 0 ? true : isPublicAddress(host);
}
