import type { ListRow } from '../../../contract/list-row.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { isMakerName, udidFromSerial } from '../../../core/udid.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { StoredRow } from '../../ports/maker-list.ts';
import type { Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { fits, pages, type RowFilter } from './list-pages.ts';

export interface HandOn {
  readonly org: string;
  readonly to: string;
  readonly filter: RowFilter;
  readonly by: string;
  /** Receives the next maker's rows as they are created. */
  give(rows: readonly ListRow[]): void;
}

export interface HandOnParts {
  readonly transact: Transact<'listBulk' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/**
 * Hands rows on to the next maker: marks them, and creates new rows that name the former ones. Returns how many. A
 * page is read, marked and put on the trail in one transaction, so that no row is marked without a trace, and no row
 * that is imported meanwhile is overwritten.
 */
export async function handOn(
  { org, to, filter, by, give }: HandOn,
  { transact, clock, crypto }: HandOnParts,
): Promise<number> {
  let count = 0;
  const isMeant = ({ row }: StoredRow) => fits(row, filter) && row.maker !== to;
  const mark = (after: RowName | undefined, limit: number) =>
    transact(async (tx) => {
      const page = await tx.listBulk.page(org, after, limit);
      const meant = page.filter(isMeant);
      if (meant.length === 0) return page;
      await tx.listBulk.put(meant.map((stored): StoredRow => ({ ...stored, handedTo: to })));
      await audit(tx.audit, {
        at: toInstant(clock.now()),
        step: STEPS.admin,
        event: "maker's list handed on",
        actor: by,
        org,
        subject: `${meant.length} rows`,
        detail: `to ${to}`,
      });
      return page;
    });
  for await (const page of pages(mark)) {
    const meant = page.filter(isMeant);
    give(await Promise.all(meant.map(({ row }) => derive(row, to, crypto))));
    count += meant.length;
  }
  return count;
}

/**
 * Derives the next maker's row. A name that identifies a device everywhere (IMEI, MAC, UUID, key) stays. A maker's
 * own serial does not, since it could also be a serial of the next maker's: the whole former name is hashed, and the
 * next maker may put its own serial in its place. The former names stay as aliases, since the firmware keeps saying
 * them.
 */
async function derive(row: ListRow, to: string, crypto: CryptoPort): Promise<ListRow> {
  const { maker, udid } = row;
  const { stale: _, ...rest } = row;
  const scheme = udid.slice(0, udid.indexOf('-'));
  const own = isMakerName(scheme) || scheme === 'h';
  const named = own ? await udidFromSerial(crypto, to, `${maker}/${udid}`) : { ok: true as const, udid };
  if (!named.ok) throw new Error(`a name that was on the list cannot be taken on: ${named.code}`);
  const aliases = [...new Set([...(own ? [udid] : []), ...row.aliases])].slice(0, 16);
  return { ...rest, maker: to, udid: named.udid, aliases, derivedFrom: { maker, udid } };
}
