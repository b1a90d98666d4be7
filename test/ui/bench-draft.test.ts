import { expect, test } from 'vitest';
import type { BenchRow } from '../../src/flow/bench-list.ts';
import { keepBenchList, loadBenchList } from '../../src/ui/bench-draft.ts';
import { listRow } from '../support/records.ts';

/** Drafts as they come back from a store: copies. */
function drafts() {
  const kept = new Map<string, unknown>();
  return {
    save: async (name: string, value: unknown) => void kept.set(name, structuredClone(value)),
    load: async (name: string) => structuredClone(kept.get(name)),
    drop: async (name: string) => void kept.delete(name),
  };
}

const KEY = listRow().publicKey ?? '';
const row = (i: number): BenchRow => ({ row: listRow({ udid: `acme-${i}`, publicKey: KEY }), readAt: i });

test('a list comes back whole, however long it is', async () => {
  const store = drafts();
  const rows = Array.from({ length: 10_050 }, (_, i) => row(i));
  await keepBenchList(store, { maker: 'acme', model: 'A 1', rows });
  expect(await loadBenchList(store)).toEqual({ maker: 'acme', model: 'A 1', rows });
});

test('what no longer reads is left out, and nothing else', async () => {
  const store = drafts();
  await store.save('bench-list', {
    maker: 'acme',
    model: 'A 1',
    rows: [row(1), { row: 'x', readAt: 2 }, row(3)],
  });
  expect((await loadBenchList(store)).rows).toEqual([row(1), row(3)]);
});
