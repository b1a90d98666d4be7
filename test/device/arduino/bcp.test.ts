import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame } from '../../../simulator/profiles/arduino/frames.ts';
import { BcpReader, CONNECT, DISCONNECT, encodeBcp } from '../../../src/device/protocols/bcp/bcp-frame.ts';
import { COMMAND, commandMessage, parseBcpMessage } from '../../../src/device/protocols/bcp/bcp-message.ts';
import { fuzzed } from '../../support/fuzzing.ts';

const file = new URL('../../fixtures/vectors/arduino.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('Arduino’s frames', () => {
  it.each([
    ['begin', encodeBcp('control', Uint8Array.of(CONNECT))],
    ['end', encodeBcp('control', Uint8Array.of(DISCONNECT))],
    ['nack', encodeBcp('control', Uint8Array.of(3))],
    ['get_id', encodeBcp('data', commandMessage(COMMAND.getId))],
    ['get_ble_mac', encodeBcp('data', commandMessage(COMMAND.getBleMac))],
    ['reset', encodeBcp('data', commandMessage(4))],
    ['scan_wifi', encodeBcp('data', commandMessage(100))],
    ['get_sketch_version', encodeBcp('data', commandMessage(COMMAND.sketchVersion))],
  ])('%s is the published one', (name, bytes) => {
    expect(hex(bytes)).toBe(vectors[name]);
    const [found] = new BcpReader().add(bytes);
    expect(found && hex(encodeBcp(found.type, found.payload))).toBe(vectors[name]);
  });

  it('are found among noise, however cut, as the simulated board wrote them', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 50 }), (sent, cut) => {
        const reader = new BcpReader();
        const wire = Buffer.concat(
          sent.flatMap((payload) => [Buffer.from('U\u00aa noise\r\n', 'latin1'), frame(2, [...payload])]),
        );
        const found: string[] = [];
        for (let at = 0; at < wire.length; at += cut)
          for (const one of reader.add(wire.subarray(at, at + cut))) found.push(hex(one.payload));
        expect(found).toEqual(sent.map(hex));
      }),
      { numRuns: 500 },
    );
  });

  it('survive random and mutated inputs', () => {
    const known = Object.values(vectors).filter((text) => /^[0-9a-f]+$/.test(text));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        new BcpReader().add(bytes);
        parseBcpMessage(bytes);
      }),
      fuzzed(20_000),
    );
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(30), fc.nat(255), (text, at, value) => {
        const bytes = new Uint8Array(Buffer.from(text, 'hex'));
        if (at < bytes.length) bytes[at] = value;
        for (const { payload } of new BcpReader().add(bytes)) parseBcpMessage(payload);
        parseBcpMessage(bytes.subarray(5));
      }),
      fuzzed(20_000),
    );
    const start = [0xda, 0, 1, 0x20];
    fc.assert(
      fc.property(fc.nat(0x18), fc.uint8Array({ maxLength: 60 }), (number, rest) => {
        parseBcpMessage(new Uint8Array([...start, number, 0x81, ...rest]));
      }),
      fuzzed(10_000),
    );
  });
});
