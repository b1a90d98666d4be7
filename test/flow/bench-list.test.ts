import { expect, test } from 'vitest';
import {
  type BenchEvent,
  type BenchRow,
  type BenchState,
  benchList,
  MOST_BENCH_ROWS,
} from '../../src/flow/bench-list.ts';
import { listRow } from '../support/records.ts';
import { traits } from './events.ts';

const made = (udid: string, publicKey: string): BenchRow => ({
  row: listRow({ udid, publicKey }),
  readAt: 1,
});
const one = made('acme-1', 'AAAA');
const ready: BenchState = { at: 'ready', rows: [one] };
const found: Extract<BenchState, { at: 'found' }> = { at: 'found', rows: [one], link: 'serial', traits };
const reading: BenchState = { at: 'reading', rows: [one], link: 'serial' };

test('one device after another is connected, shown, read and kept', () => {
  const connecting = benchList(ready, { on: 'link_chosen', link: 'serial' });
  expect(connecting.effects).toEqual([{ do: 'connect', link: 'serial' }]);
  expect(benchList(connecting.state, { on: 'connected', traits }).state).toEqual(found);
  expect(benchList(found, { on: 'read' })).toEqual({ state: reading, effects: [{ do: 'read_device' }] });
  const two = made('acme-2', 'BBBB');
  expect(benchList(reading, { on: 'device_read', row: two })).toEqual({
    state: { at: 'ready', rows: [two, one] },
    effects: [{ do: 'keep', rows: [two, one] }, { do: 'stop_device_work' }],
  });
});

test('a device that says nothing of who it is waits for its label, still connected', () => {
  const nameless = benchList(reading, { on: 'nameless' });
  expect(nameless).toEqual({ state: { at: 'nameless', rows: [one], link: 'serial' }, effects: [] });
  expect(benchList(nameless.state, { on: 'label_text', text: 'SN 7' }).effects).toEqual([
    { do: 'read_device', label: 'SN 7' },
  ]);
});

test('the same device again is one row; one name with two keys, or one key with two names, is told', () => {
  const again = { ...one, readAt: 2 };
  expect(benchList(reading, { on: 'device_read', row: again }).state).toEqual({ at: 'ready', rows: [again] });
  for (const clash of [made('acme-1', 'CCCC'), made('acme-9', 'AAAA')]) {
    expect(benchList(reading, { on: 'device_read', row: clash })).toEqual({
      state: { at: 'ready', rows: [one], trouble: { code: 'bench_clash' } },
      effects: [{ do: 'stop_device_work' }],
    });
  }
});

test('a full list refuses another device and keeps every row; the same device again still fits', () => {
  const rows = Array.from({ length: MOST_BENCH_ROWS }, (_, i) => made(`acme-${i}`, `K${i}`));
  const full: BenchState = { at: 'reading', rows, link: 'serial' };
  expect(benchList(full, { on: 'device_read', row: made('acme-new', 'NEW') })).toEqual({
    state: { at: 'ready', rows, trouble: { code: 'bench_full' } },
    effects: [{ do: 'stop_device_work' }],
  });
  const again = benchList(full, { on: 'device_read', row: { ...made('acme-7', 'K7'), readAt: 9 } });
  expect(again.state.rows).toHaveLength(MOST_BENCH_ROWS);
  expect(again.state.rows[0]?.readAt).toBe(9);
  // One that is longer already, from before there was a limit, may still have a device read again.
  const longer: BenchState = { ...full, rows: [...rows, made('acme-more', 'MORE')] };
  const replaced = benchList(longer, { on: 'device_read', row: made('acme-7', 'K7') });
  expect(replaced.state.rows).toHaveLength(MOST_BENCH_ROWS + 1);
});

test('rows without a key, which a voucher stands for, are told apart by their names', () => {
  const vouched = (udid: string): BenchRow => ({ row: listRow({ udid, anchor: 'voucher' }), readAt: 1 });
  const { publicKey: _, ...bare } = vouched('imei-1').row;
  const first: BenchRow = { row: bare, readAt: 1 };
  const second: BenchRow = { row: { ...bare, udid: 'imei-2' }, readAt: 1 };
  const state: BenchState = { at: 'reading', rows: [first], link: 'serial' };
  expect(benchList(state, { on: 'device_read', row: second }).state.rows).toEqual([second, first]);
});

test('a fault or a step back gives the device up and keeps every row', () => {
  const trouble = { code: 'link_lost' };
  for (const state of [found, reading]) {
    expect(benchList(state, { on: 'failed', trouble })).toEqual({
      state: { at: 'ready', rows: [one], trouble, link: 'serial' },
      effects: [{ do: 'stop_device_work' }],
    });
    expect(benchList(state, { on: 'back' }).state).toEqual(ready);
  }
  expect(benchList(ready, { on: 'removed', udid: 'acme-1' })).toEqual({
    state: { at: 'ready', rows: [] },
    effects: [{ do: 'keep', rows: [] }],
  });
});

test.each<[BenchState, BenchEvent]>([
  [ready, { on: 'read' }],
  [ready, { on: 'device_read', row: one }],
  [found, { on: 'removed', udid: 'acme-1' }],
  [{ ...found, traits: { ...traits, evidence: 'none' as const } }, { on: 'read' }],
])('an event that means nothing here changes nothing (%#)', (state, event) => {
  expect(benchList(state, event)).toEqual({ state, effects: [] });
});
