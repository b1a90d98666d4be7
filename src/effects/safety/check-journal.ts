import type { Journal, JournalEntry, OutboxUpkeep } from '../../ports/keeping.ts';

export interface JournalCheck {
  /** Put back from the second copy. */
  readonly restored: number;
  /** In the list, but their signed text is gone from both copies. */
  readonly torn: number;
}

/**
 * Compares both copies: what only the journal has goes back into the outbox, what only the outbox has into the journal,
 * and what was sent is forgotten there.
 */
export async function checkJournal(outbox: OutboxUpkeep, journal: Journal): Promise<JournalCheck> {
  const [{ ids, torn }, kept] = await Promise.all([outbox.unsentIds(), journal.ids()]);
  const back: JournalEntry[] = [];
  for (const id of kept) {
    const entry = ids.has(id) && !torn.has(id) ? undefined : await journal.read(id);
    if (entry !== undefined) back.push(entry);
  }
  await outbox.restore(back);
  const now = await outbox.unsentIds();
  for (const id of kept) if (!now.ids.has(id)) await journal.forget(id);
  if ([...now.ids].some((id) => !kept.has(id)))
    for (const entry of await outbox.unsent()) if (!kept.has(entry.row.id)) await journal.keep(entry);
  const restored = back.filter(({ row }) => now.ids.has(row.id) && (!ids.has(row.id) || torn.has(row.id)));
  return { restored: restored.length, torn: now.torn.size };
}
