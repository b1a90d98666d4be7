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
  /** Not in the part of the list that is here; the backend has the rest. */
  | { readonly kind: 'cut' }
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

/** The list that a phone carries, as the look-up asks it. */
export interface CarriedList {
  readonly salt: string;
  readonly rows: readonly ListRow[];
  /** No row is missing among rows and digests. */
  readonly whole: boolean;
  has(digest: string): Promise<boolean>;
}

/** Most rows and digests of a pack that has its list inside. One that holds as many may have been cut; one that holds none may have its list elsewhere. */
const MOST_INSIDE = { rows: 20_000, digests: 200_000 };

/** The list inside a pack, as phones took all of it at once. */
export function listInside({ salt, rows, digests }: WorkPack): CarriedList {
  const some = rows.length + digests.length > 0;
  const whole = some && rows.length < MOST_INSIDE.rows && digests.length < MOST_INSIDE.digests;
  let all: ReadonlySet<string> | undefined;
  const has = async (digest: string) => {
    all ??= new Set(digests);
    return all.has(digest);
  };
  return { salt, rows, whole, has };
}

/** The row of a list for this label: by UDID, by another name of the device, or by the key that the label carries. */
export function findRow(
  // With `whole`, which a pack does not have: its own rows are no more than what older backends put there.
  { rows }: Pick<CarriedList, 'rows' | 'whole'>,
  names: { readonly udid?: string; readonly aliases: readonly string[]; readonly publicKey?: Uint8Array },
): ListRow | undefined {
  const key = names.publicKey && toBase64Url(names.publicKey);
  return (
    rows.find((row) => row.udid === names.udid) ??
    rows.find((row) => key !== undefined && row.publicKey === key) ??
    rows.find((row) => names.aliases.some((alias) => row.udid === alias || row.aliases.includes(alias)))
  );
}

/** Looks a device up in the list that this phone carries. What a cut list does not hold is not said to be on none. */
export async function lookUp(
  list: CarriedList,
  device: { readonly udid: string; readonly publicKey: Uint8Array },
  crypto: CryptoPort,
): Promise<ListLookup> {
  const row = findRow(list, { udid: device.udid, aliases: [] });
  if (row !== undefined) return { kind: 'row', row };
  if (await list.has(await rowDigest(list.salt, device.udid, device.publicKey, crypto)))
    return { kind: 'digest', keyMatched: true };
  if (await list.has(await rowDigest(list.salt, device.udid, new Uint8Array(0), crypto)))
    return { kind: 'digest', keyMatched: false };
  return { kind: list.whole ? 'absent' : 'cut' };
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
