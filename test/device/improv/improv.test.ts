import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Misbehaviour } from '../../../simulator/profiles/firmware.ts';
import { ImprovDevice } from '../../../simulator/profiles/improv/improv-device.ts';
import { encodeBluetoothRpc } from '../../../src/device/drivers/improv/bluetooth-wifi.ts';
import { improv } from '../../../src/device/drivers/improv/driver.ts';
import { encodeImprov, FRAME, ImprovReader } from '../../../src/device/protocols/improv/improv-frame.ts';
import {
  networksIn,
  parseResult,
  RPC,
  rpc,
  wifiSettings,
} from '../../../src/device/protocols/improv/improv-rpc.ts';
import { bundleOf } from '../../support/device-bundle.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { fuzzed } from '../../support/fuzzing.ts';
import { cable } from '../nordic/byte-link.ts';
import { gattLink } from './gatt-link.ts';

interface Vectors {
  readonly state: string;
  readonly info: string;
  readonly scan: string;
  readonly wifi: {
    readonly ssid: string;
    readonly password: string;
    readonly serial: string;
    readonly ble: string;
  };
}
const file = new URL('../../fixtures/vectors/improv.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Each value as small as the smallest MTU takes. */
const gatt = (device: ImprovDevice) => ({
  link: gattLink(device, ({ length }) => expect(length).toBeLessThanOrEqual(20)),
  settled: async () => undefined,
});

it('writes the published packets', () => {
  const settings = rpc(RPC.setWifi, wifiSettings(vectors.wifi.ssid, vectors.wifi.password));
  expect(hex(encodeImprov(FRAME.rpc, rpc(RPC.requestState)))).toBe(vectors.state);
  expect(hex(encodeImprov(FRAME.rpc, rpc(3)))).toBe(vectors.info);
  expect(hex(encodeImprov(FRAME.rpc, rpc(RPC.scan)))).toBe(vectors.scan);
  expect(hex(encodeImprov(FRAME.rpc, settings))).toBe(vectors.wifi.serial);
  expect(hex(encodeBluetoothRpc(settings))).toBe(vectors.wifi.ble);
});

describe.each([
  { name: 'cable', linkOf: (device: ImprovDevice) => cable(device) },
  { name: 'Bluetooth', linkOf: gatt },
])('the Wi-Fi step over $name', ({ linkOf }) => {
  const opened = (device: ImprovDevice) => {
    const clock = new FakeClock();
    const { link, settled } = linkOf(device);
    const run = <T>(work: Promise<T>) => drive(work, clock, settled);
    return { step: run(improv.detect(link, { clock, crypto: nodeSha256, visit: {} }, signal())), run, clock };
  };

  it('scans, refuses a wrong password, and joins with the right one', async () => {
    const device = new ImprovDevice({ ssid: 'a longer network name', password: 'correct horse' });
    const { step, run, clock } = opened(device);
    const session = await step;
    const wifi = session?.wifi;
    if (session === undefined || wifi === undefined) throw new Error('not found');
    expect(session.traits).toMatchObject({ evidence: 'none', wifi: true, installs: false, makesKey: false });
    expect(await run(session.identify(signal()))).toEqual({
      driver: 'improv',
      firmware: 'WLED 0.15.0',
      model: 'ESP32-C3',
      aliases: [],
    });
    expect(await codeOf(session.evidence(signal()))).toBe('nothing_to_bind');
    expect(await codeOf(session.install(bundleOf(), () => undefined, signal()))).toBe('nothing_to_bind');
    expect(await session.holdsKey(new Uint8Array(91), signal())).toBeUndefined();
    expect(await run(wifi.state(signal()))).toBe('ready');
    expect(await run(wifi.scan(signal()))).toEqual([
      { ssid: 'a longer network name', rssi: -52, needsPassword: true },
    ]);
    const wrong = wifi.join('a longer network name', 'nope', signal());
    expect(await codeOf(run(wrong))).toBe('wifi_failed');
    await run(wifi.join('a longer network name', 'correct horse', signal()));
    expect(await run(wifi.state(signal()))).toBe('joined');
    expect(await codeOf(run(wifi.join('x'.repeat(33), '', signal())))).toBe('wifi_not_found');
    await session.close();
    expect(clock.sleeping).toBe(0);
  });

  it('asks for the button where the device wants it pressed, and goes on once it is', async () => {
    const device = new ImprovDevice({ button: true });
    const { step, run, clock } = opened(device);
    const wifi = (await step)?.wifi;
    if (wifi === undefined) throw new Error('not found');
    expect(await run(wifi.state(signal()))).toBe('needs-button');
    expect(await codeOf(run(wifi.scan(signal())))).toBe('wifi_needs_button');
    expect(await codeOf(run(wifi.join('home', 'password', signal())))).toBe('wifi_needs_button');
    device.pressButton();
    expect(await run(wifi.scan(signal()))).toHaveLength(1);
    await run(wifi.join('home', 'password', signal()));
    expect([device.state, clock.sleeping]).toEqual([4, 0]);
  });

  it('says so too where the device stops listening between its state and the command', async () => {
    const device = new ImprovDevice({ button: true });
    const { step, run } = opened(device);
    const wifi = (await step)?.wifi;
    if (wifi === undefined) throw new Error('not found');
    device.pressButton();
    const answer = device.answer.bind(device);
    device.answer = (data) => {
      if (data[0] === RPC.setWifi) device.reset();
      return answer(data);
    };
    expect(await codeOf(run(wifi.join('home', 'password', signal())))).toBe('wifi_needs_button');
  });
});

it.each([{ kind: 'silent' }, { kind: 'garbage' }] as Misbehaviour[])(
  'is not found where $kind',
  async (how) => {
    const clock = new FakeClock();
    const { link, settled, listeners } = cable(new ImprovDevice({ misbehaviour: how }));
    const found = improv.detect(link, { clock, crypto: nodeSha256, visit: {} }, signal());
    const code = await codeOf(drive(found, clock, settled));
    expect(code).toBe(how.kind === 'silent' ? 'device_silent' : 'no error');
    if (how.kind === 'garbage') expect(await found).toBeUndefined();
    expect([clock.sleeping, listeners.size]).toEqual([0, 0]);
  },
);

it('survives random and mutated inputs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      new ImprovReader().add(bytes);
      const result = parseResult(bytes);
      if (result !== undefined) expect(networksIn(result.texts).length).toBeLessThanOrEqual(64);
    }),
    fuzzed(15_000),
  );
  const whole = new Uint8Array(Buffer.from(vectors.wifi.serial, 'hex'));
  fc.assert(
    fc.property(fc.nat(40), fc.nat(255), fc.integer({ min: 1, max: 30 }), (at, value, cut) => {
      const bytes = whole.slice();
      if (at < bytes.length) bytes[at] = value;
      const reader = new ImprovReader();
      for (let from = 0; from < bytes.length; from += cut) reader.add(bytes.subarray(from, from + cut));
      expect(new ImprovReader().add(new Uint8Array([...bytes, ...whole])).length).toBeGreaterThanOrEqual(0);
    }),
    fuzzed(15_000),
  );
});
