import type { ListImportResult, ListRow } from '../../../contract/list-row.ts';
import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Org } from '../../ports/orgs.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { judgeBatch, type RowVerdict } from './judge-batch.ts';

/** Most rows of a training organisation. The oldest are removed, so that practice never stops. */
export const TRAINING_ROWS = 1000;

export interface ImportParts {
  readonly transact: Transact<'list' | 'listBulk' | 'makerKeys' | 'audit'>;
  readonly clock: Clock;
}

/** Adds rows for an organisation. Valid rows are added even if others have errors; `row` in an error counts from 1. */
export async function importRows(
  rows: readonly ListRow[],
  org: Org,
  by: string,
  { transact, clock }: ImportParts,
): Promise<ListImportResult> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    const verdicts = await judgeBatch(rows, { org, by, at, signer: undefined, begun: false }, tx);
    await keepNew(verdicts, tx);
    if (org.training) await tx.list.trim(org.name, TRAINING_ROWS);
    const result: ListImportResult = {
      imported: verdicts.filter(({ is }) => is === 'new').length,
      unchanged: verdicts.filter(({ is }) => is === 'unchanged').length,
      errors: verdicts.flatMap((verdict, index) =>
        verdict.is === 'fault' ? [{ row: index + 1, ...verdict.fault }] : [],
      ),
    };
    if (result.imported > 0) {
      await audit(tx.audit, {
        at,
        step: STEPS.admin,
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

/** Rows per statement. */
const AT_ONCE = 500;

export async function keepNew(
  verdicts: readonly RowVerdict[],
  { listBulk }: Needs<'listBulk'>,
): Promise<void> {
  const last = new Map(
    verdicts.flatMap((verdict) =>
      verdict.is === 'new'
        ? [[`${verdict.stored.row.maker}/${verdict.stored.row.udid}`, verdict.stored]]
        : [],
    ),
  );
  const stored = [...last.values()];
  for (let at = 0; at < stored.length; at += AT_ONCE) await listBulk.put(stored.slice(at, at + AT_ONCE));
}
