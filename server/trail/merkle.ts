import { createHash } from 'node:crypto';
import { type Bytes, toBase64Url, utf8 } from '../../core/bytes.ts';
import type { AuditHead } from '../ports/audit-log.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/**
 * Merkle tree hash (RFC 9162 section 2.1.1). Leaves and inner nodes are hashed with different prefixes, so that no
 * node can pass for a leaf. The left half is the largest power of two smaller than the whole.
 */
export function treeHash(leaves: readonly Uint8Array[]): Bytes {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(LEAF, only);
  const left = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return sha256(NODE, treeHash(leaves.slice(0, left)), treeHash(leaves.slice(left)));
}

/** The Merkle root of these heads, which a seal signs. */
export function rootOf(heads: readonly AuditHead[]): string {
  return toBase64Url(treeHash(heads.map(({ writer, n, hash }) => utf8(JSON.stringify([writer, n, hash])))));
}
