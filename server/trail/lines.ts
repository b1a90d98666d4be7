import {
  Integer,
  Array as List,
  Literal,
  Null,
  Object as Obj,
  type Static,
  String as Text,
  Union,
} from 'typebox/type';
import { Audience, CompactJws, Digest, Instant, Maybe } from '../../contract/scalars.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import type { Needs } from '../ports/stores.ts';
import { isKey } from './statement-keys.ts';

/** Most writers that one seal covers; the next seal covers the rest. */
export const MOST_HEADS = 10_000;

export const Writer = Text({ minLength: 1, maxLength: 64 });
const Salt = Text({ pattern: '^[A-Za-z0-9_-]{22}$' });
export const Hash = Text({ pattern: '^[0-9a-f]{64}$' });
export const Count = Integer({ minimum: 0 });
const Words = Text({ maxLength: 100_000 });
const closed = { additionalProperties: false } as const;

const Head = Obj({ writer: Writer, n: Count, hash: Hash }, closed);
export const Seal = Obj(
  { n: Count, heads: List(Head, { maxItems: MOST_HEADS }), jws: CompactJws(2000) },
  closed,
);
/** As the lines of a trail and of an extract have it; without salt where an older version wrote it. */
export const Entry = Obj(
  {
    writer: Writer,
    n: Count,
    at: Words,
    step: Words,
    event: Words,
    actor: Words,
    org: Union([Words, Null()]),
    subject: Words,
    detail: Words,
    prev: Hash,
    hash: Hash,
    salt: Maybe(Salt),
  },
  closed,
);
export type EntryLine = Static<typeof Entry>;

export function entryOf(line: EntryLine): AuditEntry {
  return { ...line, salt: line.salt ?? '' };
}

export function lineOf({ salt, ...rest }: AuditEntry): EntryLine {
  return salt === '' ? rest : { ...rest, salt };
}

/**
 * The signed content of a seal. `prev`: digest of the seal before; `root`: Merkle root of the heads it covers;
 * `heads`: their number.
 */
export const SealStatement = Obj(
  { aud: Audience, n: Count, prev: Union([Digest, Null()]), root: Digest, heads: Count, at: Instant },
  closed,
);
export type SealStatement = Static<typeof SealStatement>;

/** The lines of an exported trail, each one JSON object: a beginning, statement keys, their ends, seals, entries, an end. */
export const Lines = {
  begin: Obj({ trail: Literal(1), aud: Audience }, closed),
  key: Obj({ key: CompactJws(2000) }, closed),
  ended: Obj({ ended: CompactJws(2000) }, closed),
  seal: Obj({ seal: Seal }, closed),
  entry: Obj({ entry: Entry }, closed),
  end: Obj({ end: Obj({ seals: Count, entries: Count }, closed) }, closed),
} as const;

export interface TrailParts {
  readonly stores: Needs<'audit' | 'statements'>;
  readonly aud: string;
}

const PAGE = 1000;
const SEALS = 20;

/**
 * Exports the whole trail as text lines. Seals are read before entries, so that every entry they cover is in the
 * export even if others are written meanwhile.
 */
export async function* trailLines({ stores, aud }: TrailParts): AsyncGenerator<string> {
  const { audit, statements } = stores;
  yield JSON.stringify({ trail: 1, aud });
  for (const row of await statements.keys()) if (isKey(row)) yield JSON.stringify({ key: row.jws });
  const ends = new Set<string>();
  async function* endLines(): AsyncGenerator<string> {
    for (const { kid, jws } of await statements.ends()) {
      if (!ends.has(kid)) yield JSON.stringify({ ended: jws });
      ends.add(kid);
    }
  }
  yield* endLines();
  let seals = 0;
  for (;;) {
    const page = await audit.sealsAfter(seals, SEALS);
    for (const seal of page) yield JSON.stringify({ seal });
    const last = page.at(-1);
    if (last === undefined) break;
    seals = last.n;
  }
  let entries = 0;
  let place: { readonly writer: string; readonly n: number } | undefined;
  for (;;) {
    const page = await audit.after(place, PAGE);
    for (const entry of page) yield JSON.stringify({ entry: lineOf(entry) });
    place = page.at(-1);
    if (place === undefined) break;
    entries += page.length;
  }
  // A key may have ended while entries were read, which name its end.
  yield* endLines();
  yield JSON.stringify({ end: { seals, entries } });
}
