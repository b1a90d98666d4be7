import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, fromBase64Url } from '../../core/bytes.ts';
import { parseAttestationKey, parseCertifiedKey } from '../../server/authority/tpm/certified-key.ts';
import { endorsementKey, makeCredential } from '../../server/authority/tpm/make-credential.ts';
import { parsePublicArea } from '../../server/authority/tpm/public-area.ts';
import { TpmError } from '../../server/authority/tpm/tpm-reader.ts';

const u16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
const u32 = (value: number) => concat(u16(value >>> 16), u16(value & 0xffff));
const sized = (bytes: Uint8Array) => concat(u16(bytes.length), bytes);
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign; and restricted (TPM 2.0 Part 2 section 8.3). */
const INSIDE = (1 << 1) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 18);
const RESTRICTED = 1 << 16;

/** TPMT_PUBLIC of an ECDSA key, written by hand from Part 2 section 12.2.4. */
function areaOf(key: KeyObject, attributes: number): Bytes {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = [x, y].map((one) => sized(fromBase64Url(one) ?? new Uint8Array()));
  const parameters = concat(u16(0x10), u16(0x18), u16(0x0b), u16(3), u16(0x10));
  return concat(u16(0x23), u16(0x0b), u32(attributes), sized(hex('')), parameters, ...point);
}

const nameOf = (area: Uint8Array) => concat(u16(0x0b), hash('sha256', area, 'buffer'));

function attestOf(name: Uint8Array, { magic = 0xff544347, type = 0x8017 } = {}): Bytes {
  const clock = new Uint8Array(17 + 8);
  return concat(u32(magic), u16(type), sized(hex('00')), sized(hex('')), clock, sized(name), sized(name));
}

function signatureOf(key: KeyObject, signed: Uint8Array): Bytes {
  const fixed = new Uint8Array(sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }));
  return concat(u16(0x18), u16(0x0b), sized(fixed.subarray(0, 32)), sized(fixed.subarray(32)));
}

const [attesting, device] = [pair(), pair()];
const AK = areaOf(attesting.publicKey, INSIDE | RESTRICTED);
const KEY = areaOf(device.publicKey, INSIDE);
const certified = (attest = attestOf(nameOf(KEY)), key = KEY, by = attesting.privateKey) => ({
  ...{ key, attest, signature: signatureOf(by, attest) },
});
const take = (given: ReturnType<typeof certified>) => parseCertifiedKey(given, parseAttestationKey(AK));

describe('what a TPM says of its keys', () => {
  it('is read as it was written', () => {
    const area = parsePublicArea(KEY);
    expect(Buffer.from(area.name)).toEqual(Buffer.from(nameOf(KEY)));
    const spki = device.publicKey.export({ type: 'spki', format: 'der' });
    expect(Buffer.from(area.spki)).toEqual(spki);
    expect(Buffer.from(take(certified()).spki)).toEqual(spki);
  });

  it.each<[string, () => unknown]>([
    ['another signer', () => take(certified(undefined, KEY, device.privateKey))],
    ['another key', () => take(certified(attestOf(nameOf(AK))))],
    ['what no TPM wrote', () => take(certified(attestOf(nameOf(KEY), { magic: 1 })))],
    ['a quote', () => take(certified(attestOf(nameOf(KEY), { type: 0x8018 })))],
    ...[1, 4, 5, 18].map((bit): [string, () => unknown] => [
      `a key without bit ${bit}`,
      () => {
        const weak = areaOf(device.publicKey, INSIDE & ~(1 << bit));
        return take(certified(attestOf(nameOf(weak)), weak));
      },
    ]),
    ['an attestation key that signs anything', () => parseAttestationKey(KEY)],
    [
      'one that may decrypt',
      () => parseAttestationKey(areaOf(attesting.publicKey, INSIDE | RESTRICTED | (1 << 17))),
    ],
    ['more than it', () => parsePublicArea(concat(KEY, hex('00')))],
    ['nothing', () => parsePublicArea(hex(''))],
  ])('is refused for %s', (_what, work) => {
    expect(work).toThrow(TpmError);
  });

  it('is an error of ours for any bytes, whole, cut or changed', () => {
    const ours = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        expect(error).toBeInstanceOf(TpmError);
      }
    };
    const whole = certified();
    const mutated = (bytes: Uint8Array) =>
      fc.oneof(
        fc.uint8Array({ maxLength: 3000 }),
        fc.nat(bytes.length).map((end) => bytes.slice(0, end)),
        fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => bytes.with(at, byte)),
      );
    fc.assert(
      fc.property(
        mutated(whole.key),
        mutated(whole.attest),
        mutated(whole.signature),
        (key, attest, signature) => {
          ours(() => parsePublicArea(key));
          ours(() => take({ ...whole, key: new Uint8Array(key) }));
          ours(() => take(certified(new Uint8Array(attest))));
          ours(() => take({ ...whole, signature: new Uint8Array(signature) }));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('an endorsement key', () => {
  const spki = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

  it('is RSA-2048 or P-256, in its one form', () => {
    const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
    for (const good of [rsa(2048), pair().publicKey]) {
      const blob = makeCredential(endorsementKey(spki(good)), nameOf(AK), new Uint8Array(32));
      expect(Buffer.from(blob).toString('hex').slice(0, 16)).toBe('badcc0de00000001');
    }
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    const long = concat(spki(pair().publicKey), hex('00'));
    for (const bad of [spki(rsa(1024)), spki(rsa(3072)), spki(p384), hex(''), long])
      expect(() => endorsementKey(bad)).toThrow(TpmError);
  });
});
