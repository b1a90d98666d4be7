import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { StoredRow } from '../../ports/maker-list.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { pages } from './list-pages.ts';

export interface StaleRows {
  readonly org: string;
  readonly days: number;
  /** Marks the rows: until they are imported again, a record that would bind one of their devices is held. */
  readonly hold: boolean;
  readonly by: string;
  tell(rows: readonly StoredRow[]): void;
}

export interface StaleParts {
  readonly stores: Needs<'listBulk'>;
  readonly transact: Transact<'listBulk' | 'audit'>;
  readonly clock: Clock;
}

const DAY = 24 * 3_600_000;

/**
 * Lists rows that were imported so many days ago and never bound. Returns how many. To mark them, a page is read,
 * marked and put on the trail in one transaction, so that no row that is imported meanwhile is overwritten.
 */
export async function staleRows(
  { org, days, hold, by, tell }: StaleRows,
  { stores, transact, clock }: StaleParts,
): Promise<number> {
  const now = clock.now();
  const before = toInstant(now - days * DAY);
  let count = 0;
  const look = (after: RowName | undefined, limit: number) =>
    stores.listBulk.unused(org, before, after, limit);
  const mark = (after: RowName | undefined, limit: number) =>
    transact(async (tx) => {
      const page = await tx.listBulk.unused(org, before, after, limit);
      const fresh = page.filter(({ row }) => row.stale !== true);
      if (fresh.length === 0) return page;
      await tx.listBulk.put(
        fresh.map((stored): StoredRow => ({ ...stored, row: { ...stored.row, stale: true } })),
      );
      await audit(tx.audit, {
        at: toInstant(now),
        step: STEPS.admin,
        event: 'stale rows held',
        actor: by,
        org,
        subject: `${fresh.length} rows`,
        detail: `older than ${days} days`,
      });
      return page;
    });
  for await (const page of pages(hold ? mark : look)) {
    count += page.length;
    tell(page);
  }
  return count;
}
