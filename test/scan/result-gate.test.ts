import { expect, test } from 'vitest';
import type { Reading } from '../../src/scan/decode/reading.ts';
import { ResultGate } from '../../src/scan/result-gate.ts';

function reading(text: string, over: Partial<Reading> = {}): Reading {
  return { text, format: 'qr', corners: [], engine: 'wasm', ...over };
}

test('a matrix code counts at once, and once while in view', () => {
  const gate = new ResultGate();
  const taken = [0, 100, 1_500, 3_000, 4_700].map((now) => gate.accept(reading('a'), now));
  expect(taken).toEqual([true, false, false, false, false]);
});

test('the same code counts again after it was away for a while, or after a reset', () => {
  const gate = new ResultGate();
  gate.accept(reading('a'), 0);
  expect(gate.accept(reading('a'), 2_000)).toBe(true);
  gate.reset();
  expect(gate.accept(reading('a'), 2_010)).toBe(true);
});

test('another code counts at once', () => {
  const gate = new ResultGate();
  gate.accept(reading('a'), 0);
  expect(gate.accept(reading('b'), 10)).toBe(true);
  expect(gate.accept(reading('b', { format: 'data-matrix' }), 20)).toBe(true);
});

test.each([{ format: 'code-128' }, { engine: 'native' }] as const)('%o: two frames must agree', (over) => {
  const gate = new ResultGate();
  expect(gate.accept(reading('a', over), 0)).toBe(false);
  expect(gate.accept(reading('b', over), 30)).toBe(false);
  expect(gate.accept(reading('a', over), 60)).toBe(false);
  expect(gate.accept(reading('a', over), 90)).toBe(true);
  expect(gate.accept(reading('c', over), 100)).toBe(false);
  expect(gate.accept(reading('c', over), 1_500)).toBe(false);
});
