import { DeviceError } from '../../../ports/device.ts';
import type { CredentialList, ListedCredential } from './cred-list.ts';

/** In a boot message or a printed hint: `sec tag 42`, `sec_tag: 42`, `cred add 42 SERV`. */
const MENTIONED = /(?:sec(?:urity)?[ _-]?tag\s*[:=#]?\s*|cred add )(\d{1,10})\b/gi;

/**
 * The security tag under which this firmware looks for its certificate. Certificate and key share one tag (Zephyr
 * tls_credentials.h), so the tag that holds the key is the tag: `PK`, or `INV` for a key in PSA, whose type the shell
 * prints so. Without a listed key: the only tag in use, or what the firmware itself said on its console. A guess would
 * store the certificate where nobody looks, so there is none.
 */
export function secTagOf(list: CredentialList, console: string): number {
  const keyed = distinct(list.credentials.filter(isKey).map((c) => c.tag));
  const mentioned = distinct([...console.matchAll(MENTIONED)].map((match) => Number(match[1])));
  const used = distinct(list.credentials.map((c) => c.tag));
  for (const tags of [keyed, both(keyed, mentioned), mentioned, used]) {
    const [tag, another] = tags;
    if (tag !== undefined && another === undefined) return tag;
  }
  throw new DeviceError('sec_tag_unknown', 'cred list');
}

/** Whether a private key is listed; in a list that was cut short one may be in the rest. */
export function holdsKey(list: CredentialList): boolean {
  return list.credentials.some(isKey);
}

function isKey({ type }: ListedCredential): boolean {
  return type === 'INV' || type.startsWith('PK');
}

function distinct(tags: readonly number[]): readonly number[] {
  return [...new Set(tags)];
}

function both(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.filter((tag) => b.includes(tag));
}
