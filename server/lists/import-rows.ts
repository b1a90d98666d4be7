import type { ListImportResult, ListRow } from '../../contract/list-row.ts';
import { toInstant } from '../../core/instant.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Clock } from '../ports/clock.ts';
import { type Org, scopeOf } from '../ports/orgs.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { checkRow, type RowFault } from './check-row.ts';

/** How many rows a training organisation keeps; the oldest give way, so that practice never stops. */
export const TRAINING_ROWS = 1000;

export interface ImportParts {
  readonly transact: Transact<'list' | 'audit'>;
  readonly clock: Clock;
}

/** Adds rows for an organisation. Good rows stand even where others have errors; `row` in an error counts from 1. */
export async function importRows(
  rows: readonly ListRow[],
  org: Org,
  by: string,
  { transact, clock }: ImportParts,
): Promise<ListImportResult> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    const result: ListImportResult = { imported: 0, unchanged: 0, errors: [] };
    for (const [index, row] of rows.entries()) {
      const fault = checkRow(row) ?? (await checkKeyIsItsOwn(tx, row, org));
      const saved =
        fault === undefined
          ? await tx.list.save({ scope: scopeOf(org), org: org.name, row, importedBy: by, importedAt: at })
          : undefined;
      if (fault !== undefined) result.errors.push({ row: index + 1, ...fault });
      else if (saved === 'taken')
        result.errors.push({ row: index + 1, code: 'taken', detail: 'on the list of another organisation' });
      else result[saved === 'imported' ? 'imported' : 'unchanged']++;
    }
    if (org.training) await tx.list.trim(org.name, TRAINING_ROWS);
    if (result.imported > 0) {
      await audit(tx.audit, {
        at,
        step: STEPS.prepare,
        event: "maker's list imported",
        actor: by,
        org: org.name,
        subject: `${result.imported} rows`,
        detail: `${result.unchanged} unchanged, ${result.errors.length} with errors`,
      });
    }
    return result;
  });
}

/** Two devices with one key are one device, or a key that was copied. */
async function checkKeyIsItsOwn(tx: Needs<'list'>, row: ListRow, org: Org): Promise<RowFault | undefined> {
  if (row.publicKey === undefined || row.anchor !== 'key') return undefined;
  const same = await tx.list.byKey(scopeOf(org), row.publicKey);
  return same.some((other) => other.udid !== row.udid || other.maker !== row.maker)
    ? { code: 'key_repeated', detail: 'another device on the list has the same key' }
    : undefined;
}
