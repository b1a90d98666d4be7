import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { generate } from 'lean-qr';
import { describe, expect, it, test } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { fromBase45, toBase45 } from '../../core/base45.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { CHAIN_START } from '../../core/envelope.ts';
import { recordCode, recordOfCode } from '../../src/effects/rescue/record-code.ts';
import { codeAt, takeRecord } from '../../src/effects/rescue/take-record.ts';
import type { Journal, JournalEntry } from '../../src/ports/keeping.ts';
import { AUD, crypto, digest, EPOCH, makeKey, ORG, recordId, registration } from '../support/records.ts';
import { enrolmentOf } from '../support/records-backend.ts';
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

/** A second phone of the same installation, what its outbox holds, and its second copies. */
async function colleague() {
  const phone = await enrolledPhone();
  const { outbox, work, storage } = phone;
  const copies = new Map<string, JournalEntry>();
  const journal = { keep: async (entry: JournalEntry) => void copies.set(entry.row.id, entry) } as Journal;
  const ports = { outbox, work, crypto, journal: async () => journal };
  const kept = () => [...storage.rows.values()].map((row) => ({ row, jws: storage.envelopes.get(row.id) }));
  return { phone, kept, copies, take: (text: string) => takeRecord(ports, text) };
}

/** The code of a registration with this header, signed by nobody. */
async function forged(over: object, id = recordId(77)): Promise<string> {
  const header = { alg: 'ES256', typ: 'registration+jws', v: 1, kid: digest(1), aud: AUD, org: ORG, seq: 1 };
  const whole = { ...header, prev: null, epoch: EPOCH, anchor: digest(2), ...over };
  const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)));
  const jws = [part(whole), part(registration({ id })), toBase64Url(crypto.random(64))].join('.');
  return (await recordCode(jws)) ?? '';
}

describe('one record by QR code', () => {
  it('reaches another phone byte by byte, once', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    const jws = phone.storage.envelopes.get(row.id) ?? '';
    const text = await seen((await recordCode(jws)) ?? '');
    const other = await colleague();
    expect(await other.take(text)).toEqual({ kind: 'taken', udid: row.udid });
    // Whose it is only the backend can tell.
    const { operator: _operator, operatorName: _name, ...told } = row;
    expect(other.kept()).toEqual([{ jws, row: { ...told, title: '', origin: 'code' } }]);
    expect([...other.copies.values()]).toEqual(other.kept());
    expect(await other.take(text)).toEqual({ kind: 'known', udid: row.udid });
    expect(other.kept()).toHaveLength(1);
  });

  it('is not offered for a record that no code holds', async () => {
    const phone = await enrolledPhone();
    const noise = await phone.capture();
    const [header = '', , signature = ''] = (phone.storage.envelopes.get(noise.id) ?? '').split('.');
    const payload = Buffer.from(crypto.random(4_000)).toString('base64url');
    expect(await recordCode(`${header}.${payload}.${signature}`)).toBeUndefined();
  });

  it('is each of the unsent in turn, but no word on a number that was skipped', async () => {
    const phone = await enrolledPhone();
    const [first, skip, last] = [await phone.capture(), await phone.capture(), await phone.capture()];
    const jws = phone.storage.envelopes.get(first.id) ?? '';
    const unsent = async () =>
      [first, { ...skip, typ: 'skip+jws' } as const, last].map((row) => ({ row, jws }));
    const code = await recordCode(jws);
    expect(await codeAt({ unsent }, 0)).toEqual({ of: 2, udid: first.udid, code });
    expect(await codeAt({ unsent }, 1)).toEqual({ of: 2, udid: last.udid, code });
    expect(await codeAt({ unsent: async () => [] }, 0)).toBeUndefined();
  });

  it('takes nothing else', async () => {
    const other = await colleague();
    const bomb = await recordCode(`${'A'.repeat(4)}.${'A'.repeat(80_000)}.${'A'.repeat(86)}`);
    for (const text of ['', 'https://example.org', 'FIELDBIND1:', 'FIELDBIND1:BB8', bomb ?? ''])
      expect(await other.take(text)).toEqual({ kind: 'not_a_record' });
    expect(await recordOfCode(bomb ?? '')).toBeUndefined();
    expect(other.kept()).toEqual([]);
  });

  it.each([
    ['a version to come', { v: 2 }],
    ['no algorithm of ours', { alg: 'none' }],
    ['another kind', { typ: 'receipt+jws' }],
    ['number 0', { seq: 0 }],
    ['a field more', { jwk: {} }],
  ])('takes none whose envelope has %s', async (_name, over) => {
    const other = await colleague();
    expect(await other.take(await forged(over))).toEqual({ kind: 'not_a_record' });
    expect(await other.take(await forged({ aud: 'elsewhere.example' }))).toEqual({
      kind: 'other_installation',
    });
    expect(other.kept()).toEqual([]);
  });

  it.each(['before', 'after'])('moves no chain of this phone, forged %s its first record', async (when) => {
    const other = await colleague();
    const { outbox, key } = other.phone;
    if (when === 'after') await other.phone.capture();
    const head = await outbox.head(key.signer.kid);
    const text = await forged({ kid: key.signer.kid, seq: 0xffffffff });
    expect(await other.take(text)).toEqual({ kind: 'own', udid: 'acme-1' });
    expect(other.copies.size).toBe(0);
    expect(await outbox.head(key.signer.kid)).toEqual(head);
    expect((await other.phone.capture()).seq).toBe(head.seq + 1);
  });

  it('moves no chain of a key that this phone had before its present one', async () => {
    const other = await colleague();
    await other.phone.capture();
    const { kid } = other.phone.key.signer;
    other.phone.work.enrolled = enrolmentOf(await makeKey());
    expect(await other.take(await forged({ kid, seq: 9 }))).toMatchObject({ kind: 'own' });
    expect((await other.phone.outbox.head(kid)).seq).toBe(1);
  });

  it('begins no chain for the key of a colleague, whose next record is taken too', async () => {
    const other = await colleague();
    const text = await forged({ kid: digest(5), seq: 7 });
    expect(await other.take(text)).toMatchObject({ kind: 'taken' });
    expect(await other.phone.outbox.head(digest(5))).toEqual(CHAIN_START);
    const next = await forged({ kid: digest(5), seq: 8, prev: digest(3) }, recordId(78));
    expect(await other.take(next)).toMatchObject({ kind: 'taken' });
  });
});
