import type { Transact } from '../../../ports/stores.ts';

const DAY = 24 * 3_600_000;

/**
 * Runs at start and abandons intents that will never be signed. Intents of undecided records stay, since deciding
 * those again finishes them. A renewal may be under way in another process, so its intent stays for a day; an older
 * one was left by a crash, and the device is better served by a new intent than by outdated validity dates.
 */
export async function abandonOrphans(
  transact: Transact<'intents' | 'bindings' | 'records'>,
  now: number,
): Promise<number> {
  return transact(async ({ intents, bindings, records }) => {
    let abandoned = 0;
    for (const { intent, binding } of await intents.unfinished()) {
      const stored = await bindings.binding(binding);
      const record = stored && (await records.record(stored.registration));
      const isWanted = record?.outcome === null || Date.parse(intent.notBefore) > now - DAY;
      if (stored?.endedAt === null && isWanted) continue;
      await intents.abandon(intent.serial);
      abandoned++;
    }
    return abandoned;
  });
}
