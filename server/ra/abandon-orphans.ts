import type { Transact } from '../ports/stores.ts';

/**
 * At start: intents whose binding has ended, or whose record was decided without them, will never be signed. All others
 * are finished by deciding their records again.
 */
export async function abandonOrphans(
  transact: Transact<'intents' | 'bindings' | 'records'>,
): Promise<number> {
  return transact(async ({ intents, bindings, records }) => {
    let abandoned = 0;
    for (const { intent, binding } of await intents.unfinished()) {
      const there = await bindings.binding(binding);
      const record = there && (await records.record(there.registration));
      if (there?.endedAt === null && record?.outcome === null) continue;
      await intents.abandon(intent.serial);
      abandoned++;
    }
    return abandoned;
  });
}
