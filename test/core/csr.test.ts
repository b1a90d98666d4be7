import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, equalBytes } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { type CertificationRequest, commonNames, parseCsr, verifyCsr } from '../../core/csr.ts';
import { DerError, DerReader } from '../../core/der.ts';
import { type OpensslKey, opensslDevice } from '../support/csr.ts';
import { nordicCsr, tlv } from '../support/hand-made-der.ts';
import { crypto } from '../support/records.ts';

async function verdictOf(der: Uint8Array, port: CryptoPort = crypto): Promise<string> {
  let csr: CertificationRequest;
  try {
    csr = parseCsr(der);
  } catch (error) {
    if (error instanceof DerError) return 'malformed';
    throw error;
  }
  return verifyCsr(csr, port);
}

/** The parts of a request: info, algorithm, signature. */
function partsOf(der: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const outer = new DerReader(der).enter(0x30);
  return [outer.next().whole, outer.next().whole, outer.next().whole];
}

describe('requests as OpenSSL writes them', () => {
  const kinds: readonly [OpensslKey, string, string][] = [
    ['P-256', 'P-256', '-sha256'],
    ['P-384', 'P-384', '-sha384'],
    ['RSA-2048', 'RSA', '-sha256'],
    ['RSA-1024', 'RSA', '-sha256'],
    ['Ed25519', 'Ed25519', '-sha256'],
  ];
  test.each(kinds)('%s: read, and its signature holds', async (key, type, hash) => {
    const device = opensslDevice(key, '/CN=acme-1/O=Acme', hash);
    const csr = parseCsr(device.csr);
    expect(csr.key.type).toBe(type);
    expect(equalBytes(csr.spki, device.spki)).toBe(true);
    expect(commonNames(csr)).toEqual(['acme-1']);
    expect(csr.subject).toContainEqual({ type: '2.5.4.10', text: 'Acme' });
    expect(await verifyCsr(csr, crypto)).toBe('valid');
  });

  test('signed with another hash than goes with the key is refused', () => {
    expect(() => parseCsr(opensslDevice('P-256', '/CN=x', '-sha384').csr)).toThrow(DerError);
    expect(() => parseCsr(opensslDevice('RSA-2048', '/CN=x', '-sha1').csr)).toThrow(DerError);
  });

  test('a subject keeps its order, several common names and letters beyond ASCII', () => {
    const { csr } = opensslDevice('P-256', '/CN=first/O=Zähler/CN=second');
    expect(parseCsr(csr).subject.map((part) => part.text)).toEqual(['first', 'Zähler', 'second']);
    expect(commonNames(parseCsr(csr))).toEqual(['first', 'second']);
  });
});

describe("Nordic's request", () => {
  test('with NULL parameters is read, and its signature holds', async () => {
    expect(commonNames(parseCsr(nordicCsr()))).toEqual(['50363154-3931-44f0-8022-121b6401627d']);
    expect(await verdictOf(nordicCsr())).toBe('valid');
  });

  test('with something in the NULL is refused', async () => {
    const [info, algorithm, signature] = partsOf(nordicCsr());
    const oid = new DerReader(algorithm).enter(0x30).next().whole;
    const stuffed = tlv(0x30, info, tlv(0x30, oid, tlv(0x05, Uint8Array.of(7))), signature);
    expect(await verdictOf(stuffed)).toBe('malformed');
    const twice = tlv(0x30, info, tlv(0x30, oid, tlv(0x05), tlv(0x05)), signature);
    expect(await verdictOf(twice)).toBe('malformed');
  });
});

describe('tampering', () => {
  test.each(['P-256', 'RSA-2048', 'Ed25519'] as const)('%s: no changed byte verifies', async (key) => {
    const { csr } = opensslDevice(key);
    for (let at = 0; at < csr.length; at++) {
      const changed = csr.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(await verdictOf(changed), `byte ${at}`).not.toBe('valid');
    }
  });

  test('nor do several at once', async () => {
    const csr = nordicCsr();
    const change = fc.array(fc.tuple(fc.nat(csr.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const changed = csr.slice();
        for (const [at, value] of changes) changed[at] = value;
        fc.pre(!equalBytes(changed, csr));
        expect(await verdictOf(changed)).not.toBe('valid');
      }),
      { numRuns: 2000 },
    );
  });

  test("another device's signature, an empty one, or one with bytes after it", async () => {
    const [info, algorithm, signature] = partsOf(opensslDevice('P-256').csr);
    const [, , other] = partsOf(opensslDevice('P-256').csr);
    expect(await verdictOf(tlv(0x30, info, algorithm, other))).toBe('invalid');
    expect(await verdictOf(tlv(0x30, info, algorithm, tlv(3, Uint8Array.of(0))))).toBe('invalid');
    const content = new DerReader(signature).next().content;
    const longer = tlv(0x03, concat(content, Uint8Array.of(0)));
    expect(await verdictOf(tlv(0x30, info, algorithm, longer))).toBe('invalid');
    expect(await verdictOf(tlv(0x30, info, algorithm, signature))).toBe('valid');
  });

  test('a signature of zeros', async () => {
    const [info, algorithm] = partsOf(opensslDevice('P-256').csr);
    const zero = tlv(0x02, Uint8Array.of(0));
    const signature = tlv(0x03, Uint8Array.of(0), tlv(0x30, zero, zero));
    expect(await verdictOf(tlv(0x30, info, algorithm, signature))).toBe('invalid');
  });

  test("a request whose info names another device's key", async () => {
    const [one, two] = [opensslDevice('P-256'), opensslDevice('P-256')];
    const [info, algorithm, signature] = partsOf(one.csr);
    const swapped = info.slice();
    const at = Buffer.from(info).indexOf(Buffer.from(one.spki));
    swapped.set(two.spki, at);
    expect(at).toBeGreaterThan(0);
    expect(await verdictOf(tlv(0x30, swapped, algorithm, signature))).toBe('invalid');
  });
});

describe('structure', () => {
  const [info, algorithm, signature] = partsOf(opensslDevice('P-256').csr);

  test('something after any part is refused', async () => {
    const extra = tlv(0x05);
    expect(await verdictOf(tlv(0x30, info, algorithm, signature, extra))).toBe('malformed');
    expect(await verdictOf(concat(tlv(0x30, info, algorithm, signature), extra))).toBe('malformed');
    const inside = tlv(0x30, new DerReader(info).next().content, extra);
    expect(await verdictOf(tlv(0x30, inside, algorithm, signature))).toBe('malformed');
  });

  test('another version is refused', async () => {
    const reader = new DerReader(info).enter(0x30);
    reader.next();
    const rest = [reader.next().whole, reader.next().whole];
    const other = tlv(0x30, tlv(0x02, Uint8Array.of(1)), ...rest);
    expect(await verdictOf(tlv(0x30, other, algorithm, signature))).toBe('malformed');
  });

  test('a subject of more than 16 parts, or that is not text, is refused', () => {
    const long = opensslDevice('P-256', Array.from({ length: 17 }, (_, i) => `/OU=u${i}`).join(''));
    expect(() => parseCsr(long.csr)).toThrow(DerError);
    expect(parseCsr(opensslDevice('P-256', '/OU=a'.repeat(16)).csr).subject).toHaveLength(16);
  });

  test('an algorithm that this runtime lacks is said so, and is not invalid', async () => {
    const lacking: CryptoPort = { ...crypto, verify: async () => 'not_offered' };
    expect(await verdictOf(opensslDevice('Ed25519').csr, lacking)).toBe('not_offered');
  });
});
