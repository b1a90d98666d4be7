import {
  Array as List,
  Literal,
  Null,
  Object as Obj,
  type Static,
  String as Text,
  Union,
} from 'typebox/type';
import { Audience, CompactJws, Maker, OrgName, Udid } from '../../contract/scalars.ts';
import type { TrailExtract } from '../../contract/statement.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { AuditEntry, AuditHead, AuditSeal } from '../ports/audit-log.ts';
import type { Needs } from '../ports/stores.ts';
import { factsDigest } from './chain.ts';
import { Count, Entry, Hash, Lines, lineOf, Seal, Writer } from './lines.ts';
import { type SealParts, sealAtOnce, sealDigest } from './seal-trail.ts';
import { isKey } from './statement-keys.ts';

const closed = { additionalProperties: false } as const;

/** What an extract is of: an organisation's entries, those about a device, or those of one about the other. */
export interface Scope {
  readonly org: string | null;
  readonly device: { readonly maker: string; readonly udid: string } | null;
  /** Names by which entries are about the device: its own, and its records' ids. */
  readonly subjects: readonly string[];
}

/**
 * The lines of an extract, each one JSON object: what it is of, keys and their ends, seals, then the sealed stretches in which an
 * entry within the scope lies, and the installation's word. `hidden`: the place and the digest of an entry that is not shown.
 * `loose`: an entry of a stretch that an older version wrote, in which nothing can be hidden.
 */
export const ExtractLines = {
  begin: Obj(
    {
      extract: Literal(1),
      aud: Audience,
      org: Union([OrgName, Null()]),
      device: Union([Obj({ maker: Maker, udid: Udid }, closed), Null()]),
      subjects: List(Text({ maxLength: 200 })),
    },
    closed,
  ),
  key: Lines.key,
  ended: Lines.ended,
  seal: Obj({ seal: Seal }, closed),
  entry: Obj({ entry: Entry }, closed),
  hidden: Obj({ hidden: Obj({ writer: Writer, n: Count, facts: Hash }, closed) }, closed),
  loose: Obj({ loose: Entry }, closed),
  word: Obj({ word: CompactJws(4000) }, closed),
} as const;
export type ExtractBegin = Static<typeof ExtractLines.begin>;

export function isWithin(
  { org, device, subjects }: Scope,
  entry: Pick<AuditEntry, 'org' | 'subject'>,
): boolean {
  return (org === null || entry.org === org) && (device === null || subjects.includes(entry.subject));
}

/** Digest over places and hashes, in the order of the lines. */
export function entriesDigest(
  entries: readonly AuditHead[],
  sha256: (data: Uint8Array) => Promise<Uint8Array>,
) {
  const places = entries.map(({ writer, n, hash }) => [writer, n, hash]);
  return sha256(utf8(JSON.stringify(places))).then(toBase64Url);
}

interface Stretch {
  readonly writer: string;
  /** The sealed heads before and at its end; 0 before the first. */
  readonly from: number;
  readonly to: number;
}

export interface ExtractParts extends Omit<SealParts, 'writer' | 'stores'> {
  readonly stores: Needs<'audit' | 'leases' | 'statements'>;
  readonly clock: Clock;
}

const PAGE = 1000;
const SEALS = 50;

/**
 * An extract as text lines. The trail is sealed first, so that each entry lies in a stretch between two seals. Returns how
 * many entries are shown.
 */
export async function* extractLines(scope: Scope, parts: ExtractParts): AsyncGenerator<string, number> {
  const { stores, statementKeys, crypto, aud, clock } = parts;
  const last = await sealAtOnce(parts);
  if (last === undefined) throw new Error('the trail is empty');
  const begin: ExtractBegin = { extract: 1, aud, ...scope, subjects: [...scope.subjects] };
  yield JSON.stringify(begin);
  for (const row of await stores.statements.keys()) if (isKey(row)) yield JSON.stringify({ key: row.jws });
  for (const { jws } of await stores.statements.ends()) yield JSON.stringify({ ended: jws });
  const { stretches, seals } = await stretchesOf(await placesWithin(scope, parts), last, parts);
  for (const n of [...seals].sort((one, other) => one - other)) {
    const [seal] = await stores.audit.sealsAfter(n - 1, 1);
    if (seal !== undefined) yield JSON.stringify({ seal });
  }
  const shown: AuditHead[] = [];
  for (const stretch of stretches) {
    const entries = await entriesOf(stretch, parts);
    const isOld = entries.some((entry) => entry.salt === '' && !isWithin(scope, entry));
    for (const entry of entries) {
      if (isWithin(scope, entry)) {
        shown.push(entry);
        yield JSON.stringify({ [isOld ? 'loose' : 'entry']: lineOf(entry) });
      } else if (!isOld) {
        const { writer, n } = entry;
        yield JSON.stringify({ hidden: { writer, n, facts: factsDigest(entry) } });
      }
    }
  }
  const word: TrailExtract = {
    aud,
    org: scope.org,
    device: scope.device,
    subjects: await crypto.digest(utf8(JSON.stringify(scope.subjects))),
    seal: { n: last.n, digest: await sealDigest(last, crypto) },
    entries: shown.length,
    digest: await entriesDigest(shown, crypto.sha256),
    at: toInstant(clock.now()),
  };
  const signer = await statementKeys.active();
  yield JSON.stringify({ word: (await signer.sign('trail-extract+jws', word)).jws });
  return shown.length;
}

/** Places of the entries within the scope, by writer. */
async function placesWithin(scope: Scope, { stores }: ExtractParts): Promise<Map<string, number[]>> {
  const places = new Map<string, number[]>();
  let place: Pick<AuditHead, 'writer' | 'n'> | undefined;
  for (;;) {
    const page = await stores.audit.after(place, PAGE);
    for (const entry of page) {
      if (!isWithin(scope, entry)) continue;
      const known = places.get(entry.writer) ?? [];
      known.push(entry.n);
      places.set(entry.writer, known);
    }
    place = page.at(-1);
    if (place === undefined) return places;
  }
}

/** The sealed stretches in which these places lie, and the seals at both ends of each. What came after `last` is left out. */
async function stretchesOf(
  places: ReadonlyMap<string, number[]>,
  last: AuditSeal,
  { stores }: ExtractParts,
): Promise<{ readonly stretches: readonly Stretch[]; readonly seals: ReadonlySet<number> }> {
  const seals = new Set([last.n]);
  const stretches: Stretch[] = [];
  const before = new Map<string, { readonly n: number; readonly seal: number }>();
  for (let at = 0; at < last.n; ) {
    const page = await stores.audit.sealsAfter(at, SEALS);
    for (const seal of page) {
      if (seal.n > last.n) break;
      for (const { writer, n } of seal.heads) {
        const from = before.get(writer) ?? { n: 0, seal: 0 };
        const waiting = places.get(writer) ?? [];
        const within = waiting.findIndex((place) => place > n);
        if (waiting.splice(0, within < 0 ? waiting.length : within).length > 0) {
          stretches.push({ writer, from: from.n, to: n });
          if (from.seal > 0) seals.add(from.seal);
          seals.add(seal.n);
        }
        before.set(writer, { n, seal: seal.n });
      }
    }
    at = page.at(-1)?.n ?? last.n;
  }
  return { stretches, seals };
}

async function entriesOf({ writer, from, to }: Stretch, { stores }: ExtractParts): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let n = from; n < to; ) {
    const page = await stores.audit.after({ writer, n }, Math.min(PAGE, to - n));
    entries.push(...page.filter((entry) => entry.writer === writer && entry.n <= to));
    n = entries.at(-1)?.n ?? to;
    if (page.length === 0) break;
  }
  return entries;
}
