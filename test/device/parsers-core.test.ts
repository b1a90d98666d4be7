import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readAttestationTokens } from '../../core/attestation-tokens.ts';
import { utf8 } from '../../core/bytes.ts';
import { keyOfCertificate } from '../../core/certificate-key.ts';
import { commonNames, parseCsr } from '../../core/csr.ts';
import {
  bitStringBytes,
  DerError,
  DerReader,
  enterDer,
  oidText,
  TAG,
  unsignedInteger,
} from '../../core/der.ts';
import { MAX_LABEL_LENGTH } from '../../core/label/label.ts';
import { parseLabel } from '../../core/label/parse-label.ts';
import { ecdsaToFixed, parseSpki } from '../../core/spki.ts';
import { isUdid } from '../../core/udid.ts';
import { parseCsv } from '../../server/organisations/lists/csv.ts';
import { makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import { certificationRequest } from '../../simulator/profiles/request.ts';
import { bundleFor } from './esp/certificate.ts';
import { fuzz } from './fuzz.ts';

// What phone and backend read with the same code: labels, keys, requests, and the files that a maker sends. As in
// parsers.test.ts, in full 100,000 inputs each.
const vector = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const { key } = await makeDeviceKey();
const CSR = await certificationRequest(key, key.spki, 'CN=device');
const CERTIFICATE = new Uint8Array(
  Buffer.from(bundleFor(key.spki, { chain: 0 }).leafPem.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
);
const RSA = await crypto.subtle
  .generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    },
    true,
    ['sign', 'verify'],
  )
  .then(({ publicKey }) => crypto.subtle.exportKey('spki', publicKey))
  .then((spki) => new Uint8Array(spki));

const total = (texts: readonly string[]) => texts.reduce((all, { length }) => all + length, 0);

it('labels in all formats', () => {
  const texts = ['labels', 'esp-labels'].flatMap((name) =>
    (vector(name) as { labels: { text: string }[] }).labels.map(({ text }) => text),
  );
  const seeds = [
    ...texts,
    '49015420323751 8',
    '00:1A:2B:3C:4D:5E',
    `https://create.arduino.cc/x?uhwid=${'ab'.repeat(32)}`,
  ];
  expect(texts.length).toBeGreaterThan(10);
  fuzz(seeds.map(utf8), (input) => {
    const text = latin(input);
    const result = parseLabel(text);
    if (!result.ok) return;
    const { udid, aliases, redacted, secret, publicKey } = result.label;
    expect(udid === undefined || isUdid(udid)).toBe(true);
    expect(redacted.length).toBeLessThanOrEqual(MAX_LABEL_LENGTH);
    expect(aliases.length).toBeLessThanOrEqual(16);
    expect((secret ?? '').length).toBeLessThanOrEqual(text.length);
    expect(publicKey?.length ?? 0).toBeLessThanOrEqual(120);
  });
});

it('certification requests', () => {
  fuzz(
    [CSR],
    (input) => {
      const csr = parseCsr(input);
      expect(csr.info.length + csr.signature.length).toBeLessThan(input.length);
      expect(commonNames(csr).length).toBeLessThanOrEqual(16);
    },
    DerError,
  );
});

it('public keys, and the one in a certificate', () => {
  fuzz([key.spki, RSA], (input) => void parseSpki(input), DerError);
  fuzz([CERTIFICATE], (input) => expect(keyOfCertificate(input).length).toBeLessThan(input.length), DerError);
});

/** Enters whatever can hold more, and reads each leaf as all that it could be. */
function walk(reader: DerReader, deep = 0): number {
  let size = 0;
  while (!reader.done) {
    const { tag, content } = reader.next();
    if ((tag & 0x20) !== 0 && deep < 64) size += walk(new DerReader(content), deep + 1);
    else size += content.length;
    if (tag === TAG.oid) oidText(content);
    if (tag === TAG.bitString) bitStringBytes(content);
    if (tag === TAG.integer) expect(unsignedInteger(content, 512)).toHaveLength(512);
  }
  return size;
}

it('DER of any shape, and signatures in it', () => {
  const signature = new Uint8Array(Buffer.from('3006020101020200ff', 'hex'));
  fuzz(
    [CSR, key.spki, CERTIFICATE, signature],
    (input) => expect(walk(enterDer(input, TAG.sequence))).toBeLessThanOrEqual(input.length),
    DerError,
  );
  fuzz([signature], (input) => expect(ecdsaToFixed(input, 256)).toHaveLength(64), DerError);
});

it('the file of attestation tokens', () => {
  const token = `${'A'.repeat(40)}.${'B'.repeat(40)}`;
  const line = `490154203237518,50363154-3931-44f0-8022-121b6401627d,${token},2026-03-01T10:00:00Z\r\n`;
  fuzz([utf8(line), utf8(line + line)], (input) => {
    const { rows, faults } = readAttestationTokens(latin(input));
    expect(rows.length + faults.length).toBeLessThanOrEqual(latin(input).split('\n').length);
    expect(total(rows.map(({ token: said }) => said))).toBeLessThanOrEqual(input.length);
  });
});

it('CSV of a maker’s list', () => {
  const lines = 'maker,serial,anchor,public_key\r\nacme,"SN ""1""",key,"a\nb"\r\nacme,SN-2,udid-only,\n';
  fuzz([utf8(lines), utf8('a,b\n"c","d"')], (input) => {
    const text = latin(input);
    const { lines: read, broken } = parseCsv(text);
    expect(total(read.flatMap(({ fields }) => fields))).toBeLessThanOrEqual(text.length);
    expect(broken ?? 1).toBeLessThanOrEqual(text.length + 1);
    for (const { line } of read) expect(line).toBeLessThanOrEqual(text.length);
  });
});
