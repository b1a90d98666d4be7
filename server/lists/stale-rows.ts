import { toInstant } from '../../core/instant.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeptRow } from '../ports/maker-list.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { pages } from './list-pages.ts';

export interface StaleRows {
  readonly org: string;
  readonly days: number;
  /** Mark them: until they are imported again, a person must look before one of them binds. */
  readonly hold: boolean;
  readonly by: string;
  tell(rows: readonly KeptRow[]): void;
}

export interface StaleParts {
  readonly stores: Needs<'listBulk'>;
  readonly transact: Transact<'listBulk' | 'audit'>;
  readonly clock: Clock;
}

const DAY = 24 * 3_600_000;

/** Rows that were imported so many days ago and never bound. Gives how many. */
export async function staleRows(
  { org, days, hold, by, tell }: StaleRows,
  { stores, transact, clock }: StaleParts,
): Promise<number> {
  const now = clock.now();
  const before = toInstant(now - days * DAY);
  let count = 0;
  for await (const page of pages((after, limit) => stores.listBulk.unused(org, before, after, limit))) {
    count += page.length;
    tell(page);
    const fresh = hold ? page.filter(({ row }) => row.stale !== true) : [];
    if (fresh.length === 0) continue;
    await transact((tx) =>
      tx.listBulk.put(fresh.map((kept): KeptRow => ({ ...kept, row: { ...kept.row, stale: true } }))),
    );
  }
  if (hold && count > 0) {
    await transact((tx) =>
      audit(tx.audit, {
        at: toInstant(now),
        step: STEPS.prepare,
        event: 'stale rows held',
        actor: by,
        org,
        subject: `${count} rows`,
        detail: `older than ${days} days`,
      }),
    );
  }
  return count;
}
