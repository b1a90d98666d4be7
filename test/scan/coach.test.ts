import { expect, test } from 'vitest';
import { Coach } from '../../src/scan/coach.ts';
import { type Attempt, NOTHING } from '../../src/scan/decode/reading.ts';

const LOCATED: Attempt = { kind: 'located', corners: [] };
const READ: Attempt = { kind: 'read', reading: { text: 'a', format: 'qr', corners: [], engine: 'wasm' } };

/** What is said over a time in which every attempt, ten a second, ends the same. */
function said(coach: Coach, attempt: Attempt, from: number, to: number, brightness = 120): string[] {
  const out: string[] = [];
  for (let now = from; now <= to; now += 100) {
    for (const hint of coach.attempt(attempt, brightness, now)) out.push(`${now / 1000} ${hint}`);
  }
  return out;
}

test('with nothing in view it says so, then offers other ways, then rests; each once', () => {
  expect(said(new Coach(0), NOTHING, 0, 70_000)).toEqual([
    '3 nothing_located',
    '8 offer_other_ways',
    '60 resting',
  ]);
});

test('a code in view that cannot be read asks to hold still', () => {
  expect(said(new Coach(0), LOCATED, 0, 9_000)).toEqual(['1 located_unreadable', '8 offer_other_ways']);
});

test('darkness is told after a second of it', () => {
  const coach = new Coach(0);
  expect(said(coach, NOTHING, 0, 900, 20)).toEqual([]);
  expect(said(coach, NOTHING, 1_000, 1_000, 90)).toEqual([]);
  expect(said(coach, NOTHING, 1_100, 2_100, 20)).toEqual(['2.1 dark']);
});

test('a reading clears the advice and starts the wait anew', () => {
  const coach = new Coach(0);
  said(coach, NOTHING, 0, 4_000);
  expect(said(coach, READ, 4_100, 4_200)).toEqual(['4.1 searching']);
  expect(said(coach, NOTHING, 4_300, 7_300)).toEqual(['7.2 nothing_located']);
});

test('a code that only flitted through the picture is not called unreadable', () => {
  const coach = new Coach(0);
  said(coach, LOCATED, 0, 300);
  expect(said(coach, NOTHING, 2_000, 2_900)).toEqual([]);
  expect(said(coach, LOCATED, 3_000, 3_500)).toEqual([]);
});
