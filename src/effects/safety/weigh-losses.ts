import type { LossReport, Stretches } from '../../../contract/phone.ts';
import { isUnsent } from '../../../core/record-state.ts';
import type { OutboxUpkeep, Wipe } from '../../ports/keeping.ts';
import type { OutboxView, QueuedRecord } from '../../ports/outbox.ts';

const PAGE = 1000;

/**
 * Compares what had not been sent with the outbox as it is now. The number of restored records does not tell: it is
 * known at one start only, and copies of sent records are restored too. What was restored and sent since is not lost
 * either.
 */
export async function weighLosses(
  losses: readonly LossReport[],
  outbox: Pick<OutboxUpkeep, 'unsentIds'> & Pick<OutboxView, 'page'>,
): Promise<readonly Wipe[]> {
  const { torn } = await outbox.unsentIds();
  // Whoever shows a code may have forged it: such a record is no word on what this phone had.
  const rows = (await allRows(outbox)).filter(({ id, origin }) => !torn.has(id) && origin !== 'code');
  return losses.map((report) => {
    // The marker is written after the record: what was saved last may lie beyond all that it knew.
    const present = rows.filter(
      ({ kid, seq }) => kid === report.kid && (holds(report.unsent, seq) || seq > report.head),
    );
    const waiting = new Set(present.filter(({ state }) => isUnsent(state)).map(({ seq }) => seq)).size;
    return { report, lost: without(report.unsent, new Set(present.map(({ seq }) => seq))), waiting };
  });
}

async function allRows(outbox: Pick<OutboxView, 'page'>): Promise<QueuedRecord[]> {
  const rows: QueuedRecord[] = [];
  for (let more = true; more; ) {
    const page = await outbox.page(PAGE, rows.at(-1)?.createdAt);
    rows.push(...page);
    more = page.length >= PAGE;
  }
  return rows;
}

function holds(stretches: Stretches, seq: number): boolean {
  return stretches.some(({ from, to }) => from <= seq && seq <= to);
}

/** Computed over the numbers present: a marker may name far more numbers than there are records. */
function without(stretches: Stretches, present: ReadonlySet<number>): Stretches {
  const taken = [...present].sort((one, other) => one - other);
  return stretches.flatMap(({ from, to }) => {
    const left: { from: number; to: number }[] = [];
    let next = from;
    for (const seq of taken) {
      if (seq < from || seq > to) continue;
      if (seq > next) left.push({ from: next, to: seq - 1 });
      next = seq + 1;
    }
    return next > to ? left : [...left, { from: next, to }];
  });
}
