import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { toInstant } from '../../core/instant.ts';

/** A certificate of this server with the certificates above it, and its private key; both PEM. The key is a secret. */
export interface ServerPair {
  readonly chain: string;
  readonly key: string;
}

/** Why a pair is not taken into use. Closed: each code has its words below. */
export type PairFault = 'unreadable' | 'key_differs' | 'other_name' | 'not_yet' | 'over';

/** Clocks of a CA and of this machine may differ by this, milliseconds. */
const SKEW = 5 * 60_000;

/** @param host the name that clients ask for; undefined: whatever the certificate names */
export function judgePair(
  { chain, key }: ServerPair,
  { host, now }: { readonly host: string | undefined; readonly now: number },
): PairFault | undefined {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chain);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return 'key_differs';
    // What OpenSSL would not serve, such as a key that is too short.
    createSecureContext({ cert: chain, key });
  } catch {
    return 'unreadable';
  }
  if (host !== undefined && leaf.checkHost(host, { subject: 'never' }) === undefined) return 'other_name';
  if (leaf.validFromDate.getTime() > now + SKEW) return 'not_yet';
  return leaf.validToDate.getTime() <= now ? 'over' : undefined;
}

export const PAIR_WORDS: Record<PairFault, string> = {
  unreadable: 'they are no certificate and key in PEM',
  key_differs: 'the key is not that of the certificate',
  other_name: 'the certificate is for another name',
  not_yet: 'the certificate is not valid yet',
  over: 'the certificate has run out',
};

/** From when until when the certificate holds, milliseconds, and its serial number, hex. */
export function lifeOf(chain: string): {
  readonly from: number;
  readonly until: number;
  readonly serial: string;
} {
  const { validFromDate, validToDate, serialNumber } = new X509Certificate(chain);
  return { from: validFromDate.getTime(), until: validToDate.getTime(), serial: serialNumber };
}

/** As the audit trail names it. */
export function namedOnTrail(chain: string): string {
  const { serial, until } = lifeOf(chain);
  return `serial ${serial.toLowerCase()}, until ${toInstant(until)}`;
}
