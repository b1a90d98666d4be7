import type { Transact } from '../../../ports/stores.ts';

const DAY = 24 * 3_600_000;

/**
 * At start: intents whose binding has ended will never be signed. Those of undecided records are finished by deciding these
 * again. A renewal may be under way in another process; one that is older than a day was left by a crash, and its device
 * is better served by a new one than by dates of then.
 */
export async function abandonOrphans(
  transact: Transact<'intents' | 'bindings' | 'records'>,
  now: number,
): Promise<number> {
  return transact(async ({ intents, bindings, records }) => {
    let abandoned = 0;
    for (const { intent, binding } of await intents.unfinished()) {
      const there = await bindings.binding(binding);
      const record = there && (await records.record(there.registration));
      const isWanted = record?.outcome === null || Date.parse(intent.notBefore) > now - DAY;
      if (there?.endedAt === null && isWanted) continue;
      await intents.abandon(intent.serial);
      abandoned++;
    }
    return abandoned;
  });
}
