import { describe, expect, it } from 'vitest';
import { judgeTime, type TimeFacts } from '../../server/authority/ra/records/time-rules.ts';

const DAY = 24 * 3_600_000;
const START = Date.parse('2026-03-01T08:00:00.000Z');
const at = (days: number) => new Date(START + days * DAY).toISOString();

/** Enrolled on day 0, captured on day 10, sent on day 12. */
function facts(changes: Partial<TimeFacts> = {}): TimeFacts {
  return {
    capturedAt: at(10),
    receivedAt: at(12),
    anchorAt: at(0),
    credentials: [{ kid: 'k', notBefore: at(0), notAfter: at(30), maxOfflineSeconds: 14 * 24 * 3600 }],
    ...changes,
  };
}

describe('time of a record', () => {
  it('is believed between what its anchor and its arrival prove', () => {
    expect(judgeTime(facts())).toBeUndefined();
  });

  it('is accepted from a credential that has expired since', () => {
    expect(judgeTime(facts({ receivedAt: at(200) }))).toBeUndefined();
  });

  it.each([
    ['after the credential’s end', { capturedAt: at(31), receivedAt: at(31), anchorAt: at(29) }],
    ['after too long without contact', { capturedAt: at(15), receivedAt: at(15) }],
    ['before any credential', { capturedAt: at(-2), anchorAt: at(-2) }],
    ['without any credential', { credentials: [] }],
  ])('is held %s', (_, changes) => {
    expect(judgeTime(facts(changes))).toBe('credential_expired');
  });

  it.each([
    ['more than a day after it arrived', { capturedAt: at(13.1) }],
    ['more than a day before what it names as its newest statement', { anchorAt: at(11.1) }],
    ['with a statement that we never made', { anchorAt: undefined }],
  ])('is held as skewed %s', (_, changes) => {
    expect(judgeTime(facts(changes))).toBe('clock_skew');
  });

  it('forgives a clock that is a day off', () => {
    expect(judgeTime(facts({ capturedAt: at(12.9) }))).toBeUndefined();
    expect(judgeTime(facts({ anchorAt: at(10.9) }))).toBeUndefined();
    expect(judgeTime(facts({ capturedAt: at(-0.9) }))).toBeUndefined();
  });

  it('counts a renewed credential from its own beginning', () => {
    const renewed = { kid: 'k', notBefore: at(20), notAfter: at(50), maxOfflineSeconds: 14 * 24 * 3600 };
    const credentials = [...facts().credentials, renewed];
    expect(judgeTime(facts({ credentials, capturedAt: at(40), receivedAt: at(41), anchorAt: at(30) }))).toBe(
      undefined,
    );
  });
});
