import { MOST_PLAIN_ROWS, ROW_DIGEST_BYTES } from '../../contract/list-changes.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { beginningWith, changeDigests, hasDigest, sortDigests } from '../../core/digest-set.ts';
import type { ListPart, PackList } from '../ports/work.ts';
import { type Database, type DatabaseHandle, writeStrictly } from './database.ts';

/** Digests are kept in parts by their first byte: each is small enough to be written whole and read for one question. */
const PARTS = 256;

/**
 * Writes one answer. A crash leaves the list as it was before it, and the phone asks for the same changes again: to apply
 * them twice changes nothing.
 */
export async function saveListPart(db: Database, part: ListPart): Promise<void> {
  const { org, changes, digests, etag } = part;
  const anew = changes.after === '';
  const there = sortDigests(digests);
  const gone = sortDigests(fromBase64Url(changes.gone) ?? new Uint8Array());
  const told = new Map(changes.rows.map(({ digest, row }) => [digest, row]));
  await writeStrictly(
    db,
    ['list', 'digests', 'plain'],
    async (tx) => {
      const before = anew ? undefined : await tx.objectStore('list').get(org);
      let size = before?.size ?? 0;
      const parts = tx.objectStore('digests');
      const rows = tx.objectStore('plain');
      if (anew) {
        await parts.delete(IDBKeyRange.bound([org, 0], [org, PARTS]));
        await rows.delete(IDBKeyRange.bound([org], [org, []]));
      }
      for (let byte = 0; byte < PARTS; byte++) {
        const [add, out] = [beginningWith(there, byte), beginningWith(gone, byte)];
        if (add.length === 0 && out.length === 0) continue;
        const had = (await parts.get([org, byte]))?.bytes ?? new Uint8Array();
        const bytes = changeDigests(had, add, out);
        size += (bytes.length - had.length) / ROW_DIGEST_BYTES;
        await parts.put({ org, byte, bytes });
      }
      for (const digest of [...split(changes.gone), ...split(changes.moved)])
        await rows.delete([org, digest]);
      for (const [digest, row] of told) await rows.put({ org, digest, row });
      const all = await rows.getAllKeys(IDBKeyRange.bound([org], [org, []]));
      // The oldest are digests from here on. Their order is not kept, and which ones go does no harm.
      for (const key of all.slice(0, Math.max(0, all.length - MOST_PLAIN_ROWS)))
        if (!told.has(key[1])) await rows.delete(key);
      const whole = changes.whole && !changes.more;
      await tx.objectStore('list').put({ org, cursor: changes.to, etag, salt: changes.salt, whole, size });
    },
    // What a power cut takes of it comes again.
    'relaxed',
  );
}

function split(text: string): string[] {
  return text.match(/.{16}/g) ?? [];
}

/** The list as a look-up asks it: the plain rows are in memory, of the digests one part is read for each question. */
export async function packList(
  db: Database,
  org: string,
  handle: Pick<DatabaseHandle, 'use'>,
  known: PackList | undefined,
): Promise<PackList | undefined> {
  const head = await db.get('list', org);
  if (head === undefined) return undefined;
  if (known !== undefined && known.cursor === head.cursor && known.etag === head.etag) return known;
  const rows = await db.getAll('plain', IDBKeyRange.bound([org], [org, []]));
  return {
    cursor: head.cursor,
    etag: head.etag,
    salt: head.salt,
    whole: head.whole,
    size: head.size,
    rows: rows.map(({ row }) => row),
    has: async (digest) => {
      const bytes = fromBase64Url(digest);
      if (bytes === undefined) return false;
      const part = await handle.use((open) => open.get('digests', [org, bytes[0] ?? 0]));
      return part !== undefined && hasDigest(part.bytes, bytes);
    },
  };
}

export async function forgetLists(db: Database, keep: readonly string[]): Promise<void> {
  for (const org of await db.getAllKeys('list')) {
    if (keep.includes(org)) continue;
    await db.delete('list', org);
    await db.delete('digests', IDBKeyRange.bound([org, 0], [org, PARTS]));
    await db.delete('plain', IDBKeyRange.bound([org], [org, []]));
  }
}
