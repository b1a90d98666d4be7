import type { ListRow } from '../../../contract/list-row.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { MakerKey } from '../../ports/maker-keys.ts';
import type { StoredRow } from '../../ports/maker-list.ts';
import { type Org, scopeOf } from '../../ports/orgs.ts';
import type { Needs } from '../../ports/stores.ts';
import { checkRow, type RowFault } from './check-row.ts';

/** Who imports the rows, and whose signature covers them. */
export interface ImportOrigin {
  readonly org: Org;
  readonly by: string;
  readonly at: string;
  readonly signer: Pick<MakerKey, 'maker' | 'digest'> | undefined;
  /** Whether earlier batches of the same file were stored, with the same `at`. */
  readonly begun: boolean;
}

export type RowVerdict =
  /** `rekeyed`: the row stood there with another key, which this one replaces. */
  | { readonly is: 'new'; readonly stored: StoredRow; readonly rekeyed: boolean }
  | { readonly is: 'unchanged' }
  | { readonly is: 'fault'; readonly fault: RowFault };

/**
 * Judges each row in order, also against the rows before it in the batch. Reads only, with few statements for any
 * number of rows.
 */
export async function judgeBatch(
  rows: readonly ListRow[],
  { org, by, at, signer, begun }: ImportOrigin,
  { listBulk, makerKeys }: Needs<'listBulk' | 'makerKeys'>,
): Promise<RowVerdict[]> {
  const scope = scopeOf(org);
  const signing = new Set((await makerKeys.live(org.name)).map(({ maker }) => maker));
  const former = rows.flatMap(({ derivedFrom }) => (derivedFrom === undefined ? [] : [derivedFrom]));
  const storedRows = new Map<string, StoredRow>();
  /** Rows of those names on the lists of others. */
  const elsewhere = new Map<string, StoredRow[]>();
  for (const stored of await listBulk.named(scope, [...rows, ...former])) {
    const name = nameOf(stored.row);
    if (stored.org === org.name) storedRows.set(name, stored);
    else elsewhere.set(name, [...(elsewhere.get(name) ?? []), stored]);
  }
  /** Names that occurred earlier in this file. */
  const named = new Set<string>();
  for (const [name, { importedAt }] of storedRows) if (begun && importedAt === at) named.add(name);
  const holders = new Holders();
  const keys = rows.flatMap(({ anchor, publicKey }) => (anchor === 'key' && publicKey ? [publicKey] : []));
  const tpms = rows.flatMap(({ voucher }) => voucher?.tpm ?? []);
  for (const stored of await listBulk.keyed(scope, keys, tpms)) holders.add(stored);

  return rows.map((row): RowVerdict => {
    const name = nameOf(row);
    const before = storedRows.get(name);
    const signedBy = signer?.digest ?? null;
    const same = before?.signedBy === signedBy && JSON.stringify(before.row) === JSON.stringify(row);
    const fault =
      checkRow(row) ??
      checkSigner(row, signer, signing) ??
      ((elsewhere.get(name) ?? []).some((other) => blocks(other, row, signer)) ? TAKEN : undefined) ??
      (named.has(name) && !same ? REPEATED : undefined) ??
      checkFormer(row, storedRows, elsewhere) ??
      checkOnlyHolder(row, org.name, signer, holders);
    if (fault !== undefined) return { is: 'fault', fault };
    named.add(name);
    if (same) return { is: 'unchanged' };
    const stored: StoredRow = {
      scope,
      org: org.name,
      row,
      importedBy: by,
      importedAt: at,
      signedBy,
      handedTo: before?.handedTo ?? null,
    };
    storedRows.set(name, stored);
    holders.add(stored);
    return {
      is: 'new',
      stored,
      rekeyed: before?.row.publicKey !== undefined && before.row.publicKey !== row.publicKey,
    };
  });
}

const TAKEN: RowFault = { code: 'taken', detail: 'on the list of another organisation' };

/**
 * Whether another organisation's row of this name keeps ours out. Names are no secret and prove nothing, so a row with
 * another key does not: the key that a device proves says whose it is. The same device cannot be on two lists. What
 * the maker signed counts more than what nobody signed.
 */
function blocks(other: StoredRow, row: ListRow, signer: ImportOrigin['signer']): boolean {
  if (other.signedBy !== null && signer === undefined) return true;
  if (other.signedBy === null && signer !== undefined) return false;
  const anchors = anchorsOf(row);
  return anchorsOf(other.row).some((anchor) => anchors.includes(anchor));
}

/** Only the maker knows which of the two rows is right: the first one stays, and is not replaced unseen. */
const REPEATED: RowFault = {
  code: 'udid_repeated',
  detail:
    'this name stands earlier in the same list with other content: ask the maker which is right, import that one',
};

/** A maker that signs its lists must sign all of them, and nobody else may sign for it. */
function checkSigner(
  { maker }: ListRow,
  signer: ImportOrigin['signer'],
  signing: ReadonlySet<string>,
): RowFault | undefined {
  if (signer !== undefined && signer.maker !== maker)
    return { code: 'maker_differs', detail: "the file is signed by another maker's key" };
  return signer === undefined && signing.has(maker)
    ? { code: 'signature_needed', detail: 'this maker signs its lists, and this one is not signed' }
    : undefined;
}

/** Another organisation's row may be continued only by the maker it was handed to. */
function checkFormer(
  { maker, derivedFrom }: ListRow,
  storedRows: ReadonlyMap<string, StoredRow>,
  elsewhere: ReadonlyMap<string, readonly StoredRow[]>,
): RowFault | undefined {
  if (derivedFrom === undefined || storedRows.has(nameOf(derivedFrom))) return undefined;
  const former = elsewhere.get(nameOf(derivedFrom)) ?? [];
  return former.length === 0 || former.some(({ handedTo }) => handedTo === maker)
    ? undefined
    : { code: 'not_handed_on', detail: 'the row it is derived from was not handed on to this maker' };
}

/** Two devices with the same key or TPM are one device or a copy, unless one row is the other's former self. */
function checkOnlyHolder(
  row: ListRow,
  org: string,
  signer: ImportOrigin['signer'],
  holders: Holders,
): RowFault | undefined {
  const others = holders
    .of(row)
    .filter((other) => nameOf(other.row) !== nameOf(row))
    // What nobody signed on another list keeps out nothing that the maker signed.
    .filter(
      (other) =>
        other.org === org || other.signedBy !== null || signer === undefined || mayFollow(other, org),
    );
  if (others.length === 0) return undefined;
  const line = [row, ...others.map((other) => other.row)];
  const before = (one: ListRow) => line.find(({ maker, udid }) => isName(one.derivedFrom, maker, udid));
  // The rows must form one line from the newest to the oldest, each derived from the next.
  const newest = line.filter(
    (one) => !line.some(({ derivedFrom }) => isName(derivedFrom, one.maker, one.udid)),
  );
  const walked: ListRow[] = [];
  for (let at = newest[0]; at !== undefined && walked.length < line.length; at = before(at)) walked.push(at);
  if (newest.length === 1 && walked.length === line.length && others.every((one) => mayFollow(one, org)))
    return undefined;
  return { code: 'key_repeated', detail: 'another device on the list has the same key' };
}

/** The rows of a line must belong to one organisation, or be handed from one to the next. */
function mayFollow({ org: other, handedTo, row }: StoredRow, org: string): boolean {
  return other === org || handedTo !== null || row.derivedFrom !== undefined;
}

function isName(name: RowName | undefined, maker: string, udid: string): boolean {
  return name?.maker === maker && name.udid === udid;
}

function nameOf({ maker, udid }: RowName): string {
  return `${maker}/${udid}`;
}

/** Rows by their anchors, the batch's own included. */
class Holders {
  readonly #by = new Map<string, Map<string, StoredRow>>();

  add(stored: StoredRow): void {
    for (const anchor of anchorsOf(stored.row)) {
      const some = this.#by.get(anchor) ?? new Map<string, StoredRow>();
      this.#by.set(anchor, some.set(`${stored.org} ${nameOf(stored.row)}`, stored));
    }
  }

  of(row: ListRow): StoredRow[] {
    return anchorsOf(row).flatMap((anchor) => [...(this.#by.get(anchor)?.values() ?? [])]);
  }
}

/** A key beside a voucher anchors nothing, so it may occur twice. */
function anchorsOf({ anchor, publicKey, voucher }: ListRow): string[] {
  const key = anchor === 'key' && publicKey !== undefined ? [`key ${publicKey}`] : [];
  return voucher?.tpm === undefined ? key : [...key, `tpm ${voucher.tpm}`];
}
