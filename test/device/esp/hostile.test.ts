import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimCertificate } from '../../../src/device/drivers/esp-claim/certificate.ts';
import { challenge } from '../../../src/device/drivers/esp-claim/challenge.ts';
import { Claim } from '../../../src/device/drivers/esp-claim/claim.ts';
import { CLAIM, decodeClaim } from '../../../src/device/drivers/esp-claim/claim-messages.ts';
import { decodeWifi, networkOf, stateOf, WIFI } from '../../../src/device/drivers/esp-claim/wifi-messages.ts';
import type { ProtocommClient } from '../../../src/device/protocols/protocomm/client.ts';
import { protoBytes, readProto } from '../../../src/device/protocols/protocomm/protobuf.ts';
import { openSecurity1 } from '../../../src/device/protocols/protocomm/security1.ts';
import { decodeSession } from '../../../src/device/protocols/protocomm/session-data.ts';
import { readVersion } from '../../../src/device/protocols/protocomm/version.ts';
import { DeviceError } from '../../../src/ports/device.ts';
import { fuzzed } from '../../support/fuzzing.ts';
import { nodeProtocommCrypto } from './node-crypto.ts';

// What a device sends, made of anything. Runs per property; in full together more than 100,000 inputs.
const MANY = fuzzed(20_000);
const signal = new AbortController().signal;
const text = (value: string) => new Uint8Array(Buffer.from(value));

/** Only DeviceError may come out of a parser, with nothing of the input in it. */
function parses(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceError);
  }
}

const field = fc.tuple(
  fc.integer({ min: 1, max: 24 }),
  fc.oneof(fc.integer(), fc.uint8Array({ maxLength: 40 })),
);
/** Messages up to three deep, in the shape of protocomm's. */
const message: fc.Arbitrary<Uint8Array> = fc.array(field, { maxLength: 6 }).chain((leaves) =>
  fc
    .tuple(fc.nat(6), fc.integer({ min: 1, max: 24 }), fc.nat(6), fc.constantFrom(10, 11, 12, 13, 15))
    .map(([kind, at, step, outer]) => {
      const body = protoBytes(...leaves);
      return protoBytes([1, kind], [2, step % 3], [outer, protoBytes([1, step], [at, body])]);
    }),
);
const mutated = fc
  .tuple(message, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }), fc.nat(200))
  .map(([bytes, changes, cut]) => {
    const out = bytes.slice(0, Math.max(0, bytes.length - (cut % 4 === 0 ? cut : 0)));
    for (const [at, value] of changes) if (at < out.length) out[at] = value;
    return out;
  });
const hostile = fc.oneof(fc.uint8Array({ maxLength: 300 }), message, mutated);

describe('the protobuf reader', () => {
  it('gives back what was written, numbers below zero too', () => {
    const some = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 536_870_911 }), fc.oneof(fc.maxSafeInteger(), fc.uint8Array())),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(some, (fields) => {
        const read = readProto(protoBytes(...fields));
        for (const [at, value] of fields) {
          const last = fields.findLast(
            ([other, it]) => other === at && typeof it === typeof value && it !== 0,
          )?.[1];
          if (typeof value === 'number') expect(read?.int(at)).toBe(last ?? 0);
          else expect(read?.bytes(at)).toEqual(last);
        }
      }),
      MANY,
    );
  });

  it('reads any bytes or none of them, in bounded memory', () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        const read = readProto(bytes);
        for (let at = 1; at < 25; at++)
          expect((read?.all(at) ?? []).reduce((sum, one) => sum + one.length, 0)).toBeLessThanOrEqual(
            bytes.length,
          );
      }),
      MANY,
    );
  });

  it.each([
    ['a length beyond the end', '0a05616263'],
    ['a length of 2^63', '0affffffffffffffff7f'],
    ['a varint without an end', '08ffffffffffffffffffffff01'],
    ['field 0', '0001'],
    ['a group', '0b0c'],
    ['65 fields', '0801'.repeat(65)],
  ])('refuses %s', (_, hex) => {
    expect(readProto(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

describe('parsers of answers', () => {
  it('of the handshake end in a body or a DeviceError', () => {
    const steps = fc.constantFrom(
      { version: 0, message: 1, field: 21 } as const,
      { version: 1, message: 3, field: 23 } as const,
      { version: 2, message: 1, field: 21 } as const,
    );
    fc.assert(
      fc.property(hostile, steps, (bytes, step) => parses(() => decodeSession(bytes, step, 'test'))),
      MANY,
    );
  });

  it('of claiming end in a fragment inside its total, or a DeviceError', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(CLAIM.start, CLAIM.init, CLAIM.verify), (bytes, command) => {
        parses(() => {
          const { offset, bytes: piece, total } = decodeClaim(bytes, command, 'test');
          expect(offset + piece.length).toBeLessThanOrEqual(total);
          expect(total).toBeLessThanOrEqual(3_072);
        });
      }),
      MANY,
    );
  });

  it('of Wi-Fi end in a value or a DeviceError', () => {
    const command = fc.constantFrom(...Object.values(WIFI));
    fc.assert(
      fc.property(hostile, command, fc.constantFrom('body', 'message'), (bytes, wanted, where) => {
        parses(() => stateOf(decodeWifi(bytes, wanted, where, 'test')));
        parses(() => networkOf(bytes));
      }),
      MANY,
    );
  });

  it('of the version take JSON of protocomm and nothing else', () => {
    const json = fc.json({ maxDepth: 3 }).map((value) => `{"prov":${value},"rmaker":{"ver":"1.0"}}`);
    const shaped = fc
      .record(
        {
          ver: fc.string(),
          sec_ver: fc.oneof(fc.nat(4), fc.string()),
          sec_patch_ver: fc.anything(),
          cap: fc.oneof(fc.array(fc.constantFrom('no_pop', 'no_sec')), fc.string()),
        },
        { requiredKeys: [] },
      )
      .map((prov) => safeJson({ prov }));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), json.map(text), shaped.map(text)), (bytes) => {
        const version = readVersion(bytes);
        if (version !== undefined) expect([0, 1, 2]).toContain(version.security);
      }),
      MANY,
    );
  });
});

describe('whole exchanges with a device that says anything', () => {
  const saying = (answers: readonly Uint8Array[]): ProtocommClient => {
    let at = 0;
    const call = async () => answers[at++ % answers.length] ?? new Uint8Array(0);
    return { call, has: () => true } as unknown as ProtocommClient;
  };
  /** Answers in the right shape with wrong numbers: fragments that do not follow on, never end, or lie about their length. */
  const fragment = fc
    .tuple(fc.nat(5), fc.nat(3_100), fc.uint8Array({ maxLength: 250 }), fc.nat(3_300), fc.boolean())
    .map(([status, offset, bytes, total, good]) =>
      protoBytes(
        [1, 3],
        [
          11,
          protoBytes(
            [1, good ? 0 : status],
            [2, protoBytes([1, good ? 0 : offset], [2, bytes], [3, good ? bytes.length + 9 : total])],
          ),
        ],
      ),
    );

  it('ends the request of a certificate', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fragment, hostile), { minLength: 1, maxLength: 4 }),
        async (answers) => {
          const error: unknown = await new Claim(saying(answers))
            .request('mac-02a1b2c3d4e5', signal)
            .catch((it: unknown) => it);
          expect(error).toBeInstanceOf(DeviceError);
        },
      ),
      fuzzed(5_000),
    );
  });

  it('ends a challenge', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (answer) => {
        const result = await challenge(saying([answer]), new Uint8Array(32), signal).catch(
          (it: unknown) => it,
        );
        if (result instanceof Error) expect(result).toBeInstanceOf(DeviceError);
      }),
      fuzzed(5_000),
    );
  });

  it('ends a handshake', async () => {
    const crypto = nodeProtocommCrypto({ x25519: new Uint8Array(32).fill(7) });
    const answer = fc
      .tuple(fc.uint8Array({ minLength: 30, maxLength: 33 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([key, random]) =>
        protoBytes([2, 1], [11, protoBytes([1, 1], [21, protoBytes([2, key], [3, random])])]),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(answer, hostile), { minLength: 2, maxLength: 2 }),
        async ([one, two]) => {
          const answers = [one, two];
          const handshake = async () => (answers.shift() ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>;
          const error: unknown = await openSecurity1(handshake, crypto, 'secret').catch((it: unknown) => it);
          expect(error).toBeInstanceOf(DeviceError);
        },
      ),
      fuzzed(2_000),
    );
  });
});

it('refuses a bundle that is no certificate', () => {
  const pem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      expect(() => claimCertificate({ leafPem: pem(der), chainPem: '', anchorPem: '' })).toThrow(DeviceError);
    }),
    fuzzed(5_000),
  );
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
