import type { ListRow } from '../../contract/list-row.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { isMakerName, udidFromSerial } from '../../core/udid.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeptRow } from '../ports/maker-list.ts';
import type { Needs, Transact } from '../ports/stores.ts';
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
  readonly stores: Needs<'listBulk'>;
  readonly transact: Transact<'listBulk' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/** Hands rows on to the next maker: they are marked, and new ones made that say what they were. Gives how many. */
export async function handOn(
  { org, to, filter, by, give }: HandOn,
  { stores, transact, clock, crypto }: HandOnParts,
): Promise<number> {
  let count = 0;
  for await (const page of pages((after, limit) => stores.listBulk.page(org, after, limit))) {
    const meant = page.filter(({ row }) => fits(row, filter) && row.maker !== to);
    await transact((tx) => tx.listBulk.put(meant.map((kept): KeptRow => ({ ...kept, handedTo: to }))));
    give(await Promise.all(meant.map(({ row }) => derive(row, to, crypto))));
    count += meant.length;
  }
  await transact((tx) =>
    audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.prepare,
      event: "maker's list handed on",
      actor: by,
      org,
      subject: `${count} rows`,
      detail: `to ${to}`,
    }),
  );
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
