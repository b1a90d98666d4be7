import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeVerifier } from '../../../simulator/profiles/esp/srp-host.ts';
import { protoBytes } from '../../../src/device/protocols/protocomm/protobuf.ts';
import { openSecurity1 } from '../../../src/device/protocols/protocomm/security1.ts';
import { openSecurity2 } from '../../../src/device/protocols/protocomm/security2.ts';
import { srpProof, srpPublic } from '../../../src/device/protocols/protocomm/srp6a.ts';
import { webProtocommCrypto } from '../../../src/device/web-protocomm-crypto.ts';
import { nodeProtocommCrypto } from './node-crypto.ts';

const vectorsOf = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), 'utf8')) as T;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const text = (value: string) => new Uint8Array(Buffer.from(value));
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const range = (first: number) => Uint8Array.from({ length: 32 }, (_, i) => first + i);

const sec1 = vectorsOf<Record<string, string> & { third_call: { plain: string; cipher: string } }>(
  'esp-sec1',
);
const sec2 = vectorsOf<
  Record<string, string> & { gcm: { nonce: string; plain: string; cipher_and_tag: string } }
>('esp-sec2');

describe.each([
  ['WebCrypto', webProtocommCrypto()],
  ['node:crypto', nodeProtocommCrypto()],
])('security 1 by %s', (_, port) => {
  it('is the transcript of the vector, on one key stream', async () => {
    const fixed = nodeProtocommCrypto({ x25519: bytes(sec1.client_private ?? '') });
    const sent: string[] = [];
    const answers = [
      protoBytes(
        [2, 1],
        [
          11,
          protoBytes(
            [1, 1],
            [21, protoBytes([2, bytes(sec1.device_public ?? '')], [3, bytes(sec1.device_random ?? '')])],
          ),
        ],
      ),
      protoBytes([2, 1], [11, protoBytes([1, 3], [23, protoBytes([3, bytes(sec1.device_verify ?? '')])])]),
    ];
    const channel = await openSecurity1(
      async (request) => {
        sent.push(hex(request));
        return answers.shift() ?? new Uint8Array(0);
      },
      { ...port, x25519: fixed.x25519 },
      sec1.pop,
    );
    expect(sent).toEqual([sec1.cmd0, sec1.cmd1]);
    expect(hex(await channel.seal(text(sec1.third_call.plain)))).toBe(sec1.third_call.cipher);
  });

  it('agrees on the secret of the vector', async () => {
    const own = await nodeProtocommCrypto({ x25519: bytes(sec1.client_private ?? '') }).x25519();
    expect(hex(own.publicKey)).toBe(sec1.client_public);
    expect(hex((await own.agree(bytes(sec1.device_public ?? ''))) ?? new Uint8Array(0))).toBe(sec1.shared);
  });

  it('goes on inside a block, and over a counter that wraps', async () => {
    const key = range(1);
    const counter = bytes('fffffffffffffffffffffffffffffffe');
    const one = await port.aesCtr(key, counter);
    const all = await (await nodeProtocommCrypto().aesCtr(key, counter)).next(new Uint8Array(400));
    let at = 0;
    for (const size of [1, 15, 16, 17, 0, 3, 200, 148]) {
      expect(hex(await one.next(new Uint8Array(size)))).toBe(hex(all.subarray(at, at + size)));
      at += size;
    }
  });
});

describe.each([
  ['WebCrypto', webProtocommCrypto()],
  ['node:crypto', nodeProtocommCrypto()],
])('security 2 by %s', (_, port) => {
  const login = { user: sec2.user ?? '', secret: sec2.password ?? '' };
  const salt = bytes(sec2.salt ?? '');
  const hash = (data: Uint8Array) => port.sha512(data);

  it('makes the proofs of the transcript', async () => {
    const bigA = srpPublic(range(0x80));
    expect(sha256(bigA)).toBe(sec2.A_sha256);
    const publicKey = await deviceKey();
    expect(sha256(publicKey)).toBe(sec2.B_sha256);
    const proof = await srpProof(hash, range(0x80), login, { salt, publicKey });
    expect(proof && [hex(proof.sessionKey), hex(proof.clientProof), hex(proof.deviceProof)]).toEqual([
      sec2.K,
      sec2.M1,
      sec2.M2,
    ]);
  });

  it('seals as the vector, and counts its nonce on after each call', async () => {
    const answers = [
      protoBytes([2, 2], [12, protoBytes([1, 1], [21, protoBytes([2, await deviceKey()], [3, salt])])]),
      protoBytes(
        [2, 2],
        [
          12,
          protoBytes(
            [1, 3],
            [23, protoBytes([2, bytes(sec2.M2 ?? '')], [3, bytes('000102030405060700000000')])],
          ),
        ],
      ),
    ];
    const crypto = { ...port, random: () => range(0x80) };
    const channel = await openSecurity2(async () => answers.shift() ?? new Uint8Array(0), crypto, login, 1);
    await channel.seal(new Uint8Array(0));
    // The first call used ...00000000; the vector's nonce is the second's.
    expect(hex(await channel.seal(text(sec2.gcm.plain)))).toBe(sec2.gcm.cipher_and_tag);
  });

  it('refuses a B that would give the key away', async () => {
    for (const publicKey of [new Uint8Array(384), bytes('ff'.repeat(384))])
      expect(await srpProof(hash, range(0x80), login, { salt, publicKey })).toBeUndefined();
  });

  /** B = kv + g^b of the vector's b, from the published verifier; checked against its digest. */
  async function deviceKey(): Promise<Uint8Array<ArrayBuffer>> {
    const prime = groupPrime();
    const verifier = await makeVerifier(login.user, login.secret, salt);
    const gToB = BigInt(`0x${hex(srpPublic(range(0xc0)))}`);
    const bigB = (BigInt(`0x${sec2.k}`) * verifier + gToB) % prime;
    return bytes(bigB.toString(16).padStart(768, '0'));
  }
});

it("has a simulated device that keeps Espressif's published verifier", async () => {
  const verifier = await makeVerifier(sec2.user ?? '', sec2.password ?? '', bytes(sec2.salt ?? ''));
  const kept = bytes(verifier.toString(16).padStart(768, '0'));
  expect(sha256(kept)).toBe(sec2.verifier_sha256);
  expect(hex(kept.subarray(0, 16))).toBe(sec2.verifier_first16);
  expect(hex(kept.subarray(-16))).toBe(sec2.verifier_last16);
});

/** RFC 3526 section 4 by its own formula: 2^3072 - 2^3008 - 1 + 2^64 * { [2^2942 pi] + 1690314 }. */
function groupPrime(): bigint {
  const scale = 3100n;
  const arctan = (x: bigint) => {
    let term = (1n << scale) / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term > 0n; n += 2n, sign = -sign) {
      term /= x * x;
      sum += (sign * term) / n;
    }
    return sum;
  };
  const pi = 4n * (4n * arctan(5n) - arctan(239n));
  return (1n << 3072n) - (1n << 3008n) - 1n + (1n << 64n) * ((pi >> (scale - 2942n)) + 1690314n);
}
