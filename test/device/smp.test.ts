import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../../src/device/protocols/crc16.ts';
import { SmpClient } from '../../src/device/protocols/smp-client.ts';
import { ConsoleSmpReader, encodeConsoleSmp } from '../../src/device/protocols/smp-console.ts';
import { GattSmpCarrier } from '../../src/device/protocols/smp-gatt.ts';
import { decodeSmp, encodeSmp } from '../../src/device/protocols/smp-packet.ts';
import { SmpReassembly } from '../../src/device/protocols/smp-reassembly.ts';
import type { GattCharacteristic, GattLink } from '../../src/ports/link.ts';
import { drive, FakeClock } from '../support/device-clock.ts';

interface Vector {
  readonly name: string;
  readonly packet: string;
  readonly crc: string;
  readonly serial: string;
}
const file = new URL('../fixtures/vectors/smp.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

describe.each(vectors)('SMP vector $name', ({ packet, crc, serial }) => {
  it('has this header, checksum and console frame', () => {
    const decoded = decodeSmp(bytes(packet));
    expect(decoded && Buffer.from(encodeSmp(decoded)).toString('hex')).toBe(packet);
    expect(crc16(bytes(packet)).toString(16)).toBe(crc);
    expect(Buffer.from(encodeConsoleSmp(bytes(packet))).toString('latin1')).toBe(serial);
  });

  it('is found among prompts and log lines', () => {
    const noisy = `*** Booting ***\r\nuart:~$ ${serial}[00:00:01.000,000] <inf> x: y\r\n`;
    const found = new ConsoleSmpReader().add(new Uint8Array(Buffer.from(noisy, 'latin1')));
    expect(found.map((one) => Buffer.from(one).toString('hex'))).toEqual([packet]);
  });
});

const anyPacket = fc
  .record({
    group: fc.nat(65_535),
    sequence: fc.nat(255),
    command: fc.nat(255),
    payload: fc.uint8Array({ maxLength: 600 }),
  })
  .map((some) => encodeSmp({ version: 1, operation: 'write-response', ...some }));

it('leaves nothing of a packet that came to no end between the pieces of the next', async () => {
  const clock = new FakeClock();
  const written: Uint8Array[] = [];
  let release: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => {
    release = resolve;
  });
  const characteristic: Partial<GattCharacteristic> = {
    async writeWithoutResponse(value) {
      written.push(value.slice());
      // The stack hangs in the second piece of the first packet.
      if (written.length === 2) await stalled;
    },
    subscribe: async () => () => undefined,
  };
  const link: Partial<GattLink> = {
    kind: 'bluetooth',
    shape: 'gatt',
    lost: new AbortController().signal,
    characteristic: async () => characteristic as GattCharacteristic,
  };
  const signal = new AbortController().signal;
  const carrier = await GattSmpCarrier.open(link as GattLink, signal);
  if (carrier === undefined) throw new Error('no SMP');
  const client = new SmpClient(carrier, clock);
  const ask = (text: string) => {
    const work = client.request({ operation: 'write', group: 0, command: 0, body: { d: text } }, signal);
    return drive(work, clock, async () => undefined).catch((error: unknown) => error);
  };
  expect(await ask('z'.repeat(100))).toMatchObject({ code: 'timed_out' });
  expect(written).toHaveLength(2);
  const next = ask('b'.repeat(100));
  release();
  expect(await next).toMatchObject({ code: 'timed_out' });
  const later = Buffer.concat(written.slice(2)).toString('latin1');
  expect(later).toContain('b'.repeat(100));
  expect(later).not.toContain('z');
  expect(clock.sleeping).toBe(0);
});

describe('reading SMP', () => {
  it('puts packets together however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyPacket, { maxLength: 5 }),
        fc.integer({ min: 1, max: 300 }),
        (packets, size) => {
          const reader = new SmpReassembly();
          const stream = Buffer.concat(packets);
          const found: Uint8Array[] = [];
          for (let at = 0; at < stream.length; at += size)
            found.push(...reader.add(stream.subarray(at, at + size)));
          expect(found.map((one) => Buffer.from(one))).toEqual(packets.map((one) => Buffer.from(one)));
        },
      ),
    );
  });

  it('carries any packet over a console, in lines of at most 127 bytes', () => {
    fc.assert(
      fc.property(anyPacket, fc.integer({ min: 1, max: 64 }), (packet, size) => {
        const frames = Buffer.from(encodeConsoleSmp(packet));
        for (const line of frames.toString('latin1').split('\n')) expect(line.length).toBeLessThan(127);
        const reader = new ConsoleSmpReader();
        const found: Uint8Array[] = [];
        for (let at = 0; at < frames.length; at += size)
          found.push(...reader.add(frames.subarray(at, at + size)));
        expect(found.map((one) => Buffer.from(one))).toEqual([Buffer.from(packet)]);
      }),
    );
  });

  it('neither throws at nor keeps hold of hostile bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 512 }), { maxLength: 40 }), (pieces) => {
        const gatt = new SmpReassembly(1_024);
        const console = new ConsoleSmpReader(1_024);
        for (const piece of pieces) {
          for (const packet of gatt.add(piece)) expect(packet.length).toBeLessThanOrEqual(1_024);
          console.add(piece);
          expect(gatt.buffered).toBeLessThanOrEqual(1_024 + 512);
        }
      }),
    );
  });
});
