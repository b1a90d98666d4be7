import type { Reads } from '../../../ports/group-stores.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import { countsBefore, type OwnedRow, speaking } from '../../../ports/maker-list.ts';

/** The row that speaks for a device, and whose word it is. */
export interface FoundRow {
  readonly found: OwnedRow;
  /** The row is another organisation's, and was not released to the one that asks. */
  readonly foreign: boolean;
  /**
   * Another organisation's row of the same name, which names another key or was signed by the maker. The row that was
   * found is the asking organisation's, and counts only if it vouches for the key.
   */
  readonly rival?: OwnedRow;
}

interface Wanted {
  readonly org: OrgName;
  readonly maker: string | undefined;
  readonly udid: string;
  readonly publicKey: string;
}

/**
 * Finds the list row that a registration speaks of: by maker and UDID. Where the phone could not tell the maker, it
 * is found by the device's key, and then by the UDID if only one maker has it. If makers handed the device on, the
 * newest row is meant, and is whose it is.
 *
 * A row binds for its own organisation. Several may have a row of one name: whose the device is shows its key. A key
 * that another organisation's row names is that row's, under whatever name it is registered; a name that stands on
 * another list with another key is that list's, unless an own row vouches for the key.
 */
export async function findListRow(
  scope: string,
  { org, maker, udid, publicKey }: Wanted,
  { list }: Reads<'list'>,
): Promise<FoundRow | undefined> {
  const [ofUdid, ofKey] = await Promise.all([list.ofUdid(scope, udid), list.ofKey(scope, publicKey)]);
  const named = ofUdid.filter(({ row }) => maker === undefined || row.maker === maker);
  const namesKey = ({ row }: OwnedRow) => row.anchor === 'key' && row.publicKey === publicKey;
  const isOwn = (one: OwnedRow) => one.org === org;
  const own = pick(named.filter(isOwn), namesKey);
  const others = ofKey.filter((one) => !isOwn(one));
  const elsewhere = named.filter((one) => !isOwn(one));
  // Whoever continues a row that was handed on has it by the next row: the two are one device.
  const all = [...ofUdid, ...ofKey];
  const handedOn = (one: OwnedRow) => all.some((next) => isOwn(next) && continues(next, one, all));
  if (own !== undefined && namesKey(own)) {
    const next = others.find((one) => continues(one, own, all));
    // What the maker signed says more than what nobody signed, be it of the key or of the name.
    const ofName = elsewhere.filter(({ row }) => row.maker === own.row.maker);
    const signed = [...others, ...ofName].find(
      (one) => own.signedBy === null && one.signedBy !== null && !continues(own, one, all),
    );
    const better = next ?? signed;
    return better === undefined ? { found: own, foreign: false } : { found: better, foreign: true };
  }
  const byKey = speaking(others, undefined);
  if (byKey !== undefined) return { found: byKey, foreign: !handedOn(byKey) };
  if (own !== undefined) {
    const rivals = elsewhere.filter(
      (one) => one.row.maker === own.row.maker && (one.row.anchor === 'key' || one.signedBy !== null),
    );
    const rival = own.signedBy === null ? speaking(rivals, undefined) : undefined;
    return { found: own, foreign: false, ...(rival === undefined ? {} : { rival }) };
  }
  const found = pick(elsewhere, namesKey);
  return found && { found, foreign: !handedOn(found) };
}

/** Of rows with one UDID the one that is meant; undefined if several makers have it. */
function pick(rows: readonly OwnedRow[], namesKey: (one: OwnedRow) => boolean): OwnedRow | undefined {
  const byKey = newest(rows.filter(namesKey));
  if (byKey.length > 0) return first(byKey);
  const some = newest(rows);
  return new Set(some.map(({ row }) => row.maker)).size === 1 ? first(some) : undefined;
}

function first(rows: readonly OwnedRow[]): OwnedRow | undefined {
  return [...rows].sort((one, other) => (countsBefore(one, other) ? -1 : 1))[0];
}

/** Leaves out every row from which another one of these is derived. */
function newest(rows: readonly OwnedRow[]): OwnedRow[] {
  return rows.filter((one) => !rows.some(({ row }) => isName(row.derivedFrom, one)));
}

function isName(name: OwnedRow['row']['derivedFrom'], { row: { maker, udid } }: OwnedRow): boolean {
  return name?.maker === maker && name.udid === udid;
}

/**
 * Whether a row continues an earlier one, by makers that handed the device on to each other. That it says so itself is not
 * enough: the earlier row must have been handed to it.
 */
function continues(row: OwnedRow, earlier: OwnedRow, all: readonly OwnedRow[]): boolean {
  const walked: OwnedRow[] = [];
  for (let at: OwnedRow | undefined = row; at !== undefined; ) {
    walked.push(at);
    const next: OwnedRow['row'] = at.row;
    at = all.find(
      (one) =>
        isName(next.derivedFrom, one) &&
        one.handedTo === next.maker &&
        !walked.some((other) => isSame(one, other)),
    );
    if (at !== undefined && isSame(at, earlier)) return true;
  }
  return false;
}

function isSame(one: OwnedRow, other: OwnedRow): boolean {
  return one.org === other.org && isName(one.row, other);
}
