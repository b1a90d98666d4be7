import { expect, test } from 'vitest';
import { skipRejected } from '../../src/effects/safety/skip-rejected.ts';
import type { Journal, JournalEntry, OutboxUpkeep } from '../../src/ports/keeping.ts';
import { crypto } from '../support/records.ts';
import { enrolledPhone } from '../sync/phone.ts';

test('a skip has its second copy at once, as every record signed here', async () => {
  const { outbox, storage, work, clock, capture } = await enrolledPhone();
  const row = await capture();
  storage.rows.set(row.id, { ...row, state: 'rejected', code: 'bad_signature' });
  const copies: JournalEntry[] = [];
  const journal = async () => ({ keep: async (entry) => void copies.push(entry) }) as Journal;
  const unsent = async () => [...storage.rows.values()].map((one) => ({ row: one, jws: '' }));
  const view = { unsent, ofDevice: (udid: string) => outbox.ofDevice(udid) } as unknown as OutboxUpkeep &
    typeof outbox;
  expect(await skipRejected({ capture: outbox, journal, work, clock, crypto }, view, '1.0.0')).toBe(1);
  const [skip] = (await outbox.ofDevice(row.udid)).filter(({ typ }) => typ === 'skip+jws');
  expect(copies).toEqual([{ row: skip, jws: storage.envelopes.get(skip?.id ?? '') }]);
});
