/** Digests of one length, sorted and one after the other, as bytes: a million of them take no more than they are long. */
export type DigestSet = Uint8Array;

const DIGEST = 12;

/** Puts the digests of a text of bytes in order and leaves out repeats. Bytes beyond the last whole digest are left out. */
export function sortDigests(bytes: Uint8Array): DigestSet {
  const places: number[] = [];
  for (let at = 0; at + DIGEST <= bytes.length; at += DIGEST) places.push(at);
  places.sort((one, other) => compare(bytes, one, bytes, other));
  const sorted = new Uint8Array(places.length * DIGEST);
  let to = 0;
  for (const at of places) {
    if (to > 0 && compare(bytes, at, sorted, to - DIGEST) === 0) continue;
    sorted.set(bytes.subarray(at, at + DIGEST), to);
    to += DIGEST;
  }
  return sorted.slice(0, to);
}

/** The set with these added and those taken out. What is in both stays out. */
export function changeDigests(set: DigestSet, add: DigestSet, out: DigestSet): DigestSet {
  const changed = new Uint8Array(set.length + add.length);
  let [one, other, gone, to] = [0, 0, 0, 0];
  while (one < set.length || other < add.length) {
    const order = one === set.length ? 1 : other === add.length ? -1 : compare(set, one, add, other);
    const [from, at] = order <= 0 ? [set, one] : [add, other];
    if (order <= 0) one += DIGEST;
    if (order >= 0) other += DIGEST;
    while (gone < out.length && compare(out, gone, from, at) < 0) gone += DIGEST;
    if (gone < out.length && compare(out, gone, from, at) === 0) continue;
    changed.set(from.subarray(at, at + DIGEST), to);
    to += DIGEST;
  }
  return changed.slice(0, to);
}

export function hasDigest(set: DigestSet, digest: Uint8Array): boolean {
  let [from, to] = [0, Math.floor(set.length / DIGEST)];
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = compare(set, middle * DIGEST, digest, 0);
    if (order === 0) return digest.length === DIGEST;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** The part of a sorted set whose digests begin with this byte. */
export function beginningWith(set: DigestSet, byte: number): DigestSet {
  return set.subarray(firstFrom(set, byte), firstFrom(set, byte + 1));
}

/** Where the first digest is that begins with this byte or a larger one. */
function firstFrom(set: DigestSet, byte: number): number {
  let [from, to] = [0, set.length / DIGEST];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((set[middle * DIGEST] ?? 0) < byte) from = middle + 1;
    else to = middle;
  }
  return from * DIGEST;
}

function compare(one: Uint8Array, at: number, other: Uint8Array, place: number): number {
  for (let n = 0; n < DIGEST; n++) {
    const difference = (one[at + n] ?? -1) - (other[place + n] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
