import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { generate } from 'lean-qr';
import { describe, expect, it, test } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { fromBase45, toBase45 } from '../../core/base45.ts';
import { utf8 } from '../../core/bytes.ts';
import { recordCode, recordOfCode } from '../../src/effects/record-code.ts';
import { takeRecord } from '../../src/effects/take-record.ts';
import type { JournalEntry } from '../../src/ports/keeping.ts';
import { crypto } from '../support/records.ts';
import { enrolledPhone } from '../sync/phone.ts';

describe('base45 (RFC 9285)', () => {
  test.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
  ])('%s', (plain, coded) => {
    expect(toBase45(utf8(plain))).toBe(coded);
    expect(fromBase45(coded)).toEqual(utf8(plain));
  });

  test.each(['GGW', ':::', '::', 'A', 'bb8', 'BB8?'])('%s is none', (text) => {
    expect(fromBase45(text)).toBeUndefined();
  });

  it('gives back every sequence of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase45(toBase45(bytes))).toEqual(bytes);
      }),
    );
  });
});

/** The code as a camera sees it, four pixels a module and a quiet zone, read by the app's own decoder. */
async function seen(text: string): Promise<string> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
  prepareZXingModule({ overrides: { wasmBinary: wasm.buffer as ArrayBuffer } });
  const code = generate(text);
  const side = (code.size + 8) * 4;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (code.get((x >> 2) - 4, (y >> 2) - 4)) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  const image = { data, width: side, height: side, colorSpace: 'srgb' } as ImageData;
  const [found] = await readBarcodes(image, { formats: ['QRCode'] });
  return found?.text ?? '';
}

/** A second phone of the same installation, and what was put into its outbox. */
async function colleague() {
  const phone = await enrolledPhone();
  const kept: JournalEntry[] = [];
  const outbox = {
    record: async (id: string) => kept.find(({ row }) => row.id === id)?.row,
    restore: async (entries: readonly JournalEntry[]) => void kept.push(...entries),
  };
  return { kept, take: (text: string) => takeRecord({ outbox, work: phone.work, crypto }, text) };
}

describe('one record by QR code', () => {
  it('reaches another phone byte by byte, once', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    const jws = phone.storage.envelopes.get(row.id) ?? '';
    const text = await seen((await recordCode(jws)) ?? '');
    const other = await colleague();
    expect(await other.take(text)).toEqual({ kind: 'taken', udid: row.udid });
    expect(other.kept).toEqual([{ jws, row: { ...row, title: '' } }]);
    expect(await other.take(text)).toEqual({ kind: 'known', udid: row.udid });
    expect(other.kept).toHaveLength(1);
  });

  it('is not offered for a record that no code holds', async () => {
    const phone = await enrolledPhone();
    const noise = await phone.capture();
    const [header = '', , signature = ''] = (phone.storage.envelopes.get(noise.id) ?? '').split('.');
    const payload = Buffer.from(crypto.random(4_000)).toString('base64url');
    expect(await recordCode(`${header}.${payload}.${signature}`)).toBeUndefined();
  });

  it('takes nothing else', async () => {
    const other = await colleague();
    const bomb = await recordCode(`${'A'.repeat(4)}.${'A'.repeat(80_000)}.${'A'.repeat(86)}`);
    for (const text of ['', 'https://example.org', 'FIELDBIND1:', 'FIELDBIND1:BB8', bomb ?? ''])
      expect(await other.take(text)).toEqual({ kind: 'not_a_record' });
    expect(await recordOfCode(bomb ?? '')).toBeUndefined();
    expect(other.kept).toEqual([]);
  });
});
