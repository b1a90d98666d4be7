import type { ListRow } from '../../../contract/list-row.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { isMakerName, udidFromSerial } from '../../../core/udid.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { KeptRow } from '../../ports/maker-list.ts';
import type { Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { fits, pages, type RowFilter } from './list-pages.ts';

export interface HandOn {
  readonly org: string;
  readonly to: string;
  readonly filter: RowFilter;
  readonly by: string;
  /** Takes the next maker's rows as they are made. */
  give(rows: readonly ListRow[]): void;
}

export interface HandOnParts {
  readonly transact: Transact<'listBulk' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/**
 * Hands rows on to the next maker: they are marked, and new ones made that say what they were. Gives how many. A page is
 * read, marked and put on the trail in one transaction: none is marked that the trail does not know of, and none that
 * somebody imports meanwhile is put back to what it was.
 */
export async function handOn(
  { org, to, filter, by, give }: HandOn,
  { transact, clock, crypto }: HandOnParts,
): Promise<number> {
  let count = 0;
  const isMeant = ({ row }: KeptRow) => fits(row, filter) && row.maker !== to;
  const mark = (after: RowName | undefined, limit: number) =>
    transact(async (tx) => {
      const page = await tx.listBulk.page(org, after, limit);
      const meant = page.filter(isMeant);
      if (meant.length === 0) return page;
      await tx.listBulk.put(meant.map((kept): KeptRow => ({ ...kept, handedTo: to })));
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
 * The row as the next maker's. What names a device anywhere (IMEI, MAC, UUID, key) goes on naming it; a maker's own serial
 * does not, and could be the next maker's serial of something else, so its whole former name is hashed. That maker may
 * put its own serial in its place. The former names stay aliases: the firmware goes on saying them.
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
