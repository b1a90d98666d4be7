import type { ListRow } from '../contract/list-row.ts';
import type { WorkPack } from '../contract/work-pack.ts';
import { concat, fromBase64Url, toBase64Url, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';

/** What the maker's list says of a device, as far as the asking side can see it. */
export type ListLookup =
  /** The row itself. */
  | { readonly kind: 'row'; readonly row: ListRow }
  /** UDID and key stand on the list together, but the row itself is not on this phone. */
  | { readonly kind: 'digest'; readonly keyMatched: boolean }
  | { readonly kind: 'absent' }
  /** No list here to ask. */
  | { readonly kind: 'unavailable' };

/** Truncated digest that stands in a work pack for a row of somebody else's order. `spki` is empty where the row has no key. */
export async function rowDigest(
  salt: string,
  udid: string,
  spki: Uint8Array,
  crypto: CryptoPort,
): Promise<string> {
  const digest = await crypto.sha256(concat(utf8(`${salt}:${udid}:`), spki));
  return toBase64Url(digest.subarray(0, 12));
}

/** The row of a pack for this label: by UDID, by another name of the device, or by the key that the label carries. */
export function findRow(
  pack: WorkPack,
  names: { readonly udid?: string; readonly aliases: readonly string[]; readonly publicKey?: Uint8Array },
): ListRow | undefined {
  const key = names.publicKey && toBase64Url(names.publicKey);
  return (
    pack.rows.find((row) => row.udid === names.udid) ??
    pack.rows.find((row) => key !== undefined && row.publicKey === key) ??
    pack.rows.find((row) => names.aliases.some((alias) => row.udid === alias || row.aliases.includes(alias)))
  );
}

/** Looks a device up in the pack that this phone carries. */
export async function lookUp(
  pack: WorkPack,
  device: { readonly udid: string; readonly publicKey: Uint8Array },
  crypto: CryptoPort,
): Promise<ListLookup> {
  const row = findRow(pack, { udid: device.udid, aliases: [] });
  if (row !== undefined) return { kind: 'row', row };
  const digests = new Set(pack.digests);
  if (digests.has(await rowDigest(pack.salt, device.udid, device.publicKey, crypto))) {
    return { kind: 'digest', keyMatched: true };
  }
  const empty = new Uint8Array(0);
  return digests.has(await rowDigest(pack.salt, device.udid, empty, crypto))
    ? { kind: 'digest', keyMatched: false }
    : { kind: 'absent' };
}

/** A row's key as DER, if it anchors one. */
export function rowKey(row: ListRow): Uint8Array | undefined {
  return row.anchor === 'key' && row.publicKey !== undefined ? fromBase64Url(row.publicKey) : undefined;
}

/** Names in the tombstone list: a revoked UDID or key, digested so that the list names nobody. */
export async function tombstoneDigests(
  udid: string,
  spki: Uint8Array,
  crypto: CryptoPort,
): Promise<string[]> {
  return Promise.all([crypto.digest(utf8(`udid:${udid}`)), crypto.digest(concat(utf8('key:'), spki))]);
}
