import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { commonNames, parseCsr } from '../../../core/csr.ts';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../../simulator/profiles/esp/esp-device.ts';
import type { EspFirmware, Mischief } from '../../../simulator/profiles/esp/firmware.ts';
import { detectOn } from '../../../src/device/detect.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import { DeviceError, type Visit, type WrittenPart } from '../../../src/ports/device.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { bundleFor } from './certificate.ts';
import { espLink } from './esp-link.ts';
import { nodeProtocommCrypto } from './node-crypto.ts';

const UDID = 'mac-02a1b2c3d4e5';
const protocomm = nodeProtocommCrypto();

async function deviceOf(
  firmware: Partial<EspFirmware> = {},
  misbehaviour?: Mischief,
): Promise<EspClaimDevice> {
  return EspClaimDevice.start({ state: await newDeviceState(UDID), firmware: room(firmware), misbehaviour });
}

/** SRP's numbers do not fit 256 bytes: firmware with security 2 has room for more. */
function room(firmware: Partial<EspFirmware>): Partial<EspFirmware> {
  return { valueLimit: (firmware.security ?? 2) === 2 ? 512 : 256, ...firmware };
}

const CHALLENGE = new Uint8Array(32).fill(0xc5);

const visitOf = (device: EspClaimDevice): Visit => ({
  secret: { secret: device.pop },
  challenge: CHALLENGE,
});

function open(device: EspClaimDevice, more: Visit = {}) {
  return openWith(device, { ...visitOf(device), ...more });
}

function openWith(device: EspClaimDevice, visit: Visit) {
  const clock = new FakeClock();
  const { link, settled, counts, answered } = espLink(device);
  const run = <T>(work: Promise<T>) => drive(work, clock, settled);
  const context = { clock, crypto: nodeSha256, protocomm, visit };
  return { session: run(detectOn(link, DRIVERS, context, signal())), run, clock, counts, answered };
}

const keyOf = (device: EspClaimDevice) => new Uint8Array(Buffer.from(device.publicKey, 'base64url'));

const SETUPS: readonly (readonly [string, Partial<EspFirmware>])[] = [
  ['security 0', { security: 0 }],
  ['security 1', { security: 1 }],
  ['security 1 without a secret', { security: 1, noPop: true }],
  ['security 2', { security: 2 }],
  ['security 2 before its patch', { security: 2, patch: 0 }],
];

describe.each(SETUPS)('%s', (_, firmware) => {
  it('takes two visits: evidence with a fresh proof, then a certificate for the same key', async () => {
    const device = await deviceOf(firmware);
    const first = open(device);
    const session = await first.session;
    expect(session.traits).toMatchObject({
      name: 'esp-claim',
      possession: 'fresh',
      installs: true,
      readsBack: false,
    });
    expect(await first.run(session.identify(signal()))).toEqual({
      driver: 'esp-claim',
      firmware: 'RainMaker 1.0',
      model: 'esp32c3',
      aliases: [UDID, '02a1b2c3d4e5'],
      openedBySecret: firmware.security !== 0 && firmware.noPop !== true,
    });
    const evidence = await first.run(session.evidence(signal()));
    expect(evidence.possession).toBe('fresh');
    expect(evidence.proof?.over).toBe('challenge');
    expect(evidence.keyFrom).toBe('csr');
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
    expect(commonNames(parseCsr(evidence.csr))).toEqual([UDID]);
    await session.close();

    const bundle = bundleFor(evidence.publicKey);
    const restarted = await EspClaimDevice.start({ state: device.state, firmware: room(firmware) });
    const second = open(restarted);
    const told: WrittenPart[] = [];
    const again = await second.session;
    const written = await second.run(again.install(bundle, (part) => told.push(part), signal()));
    expect(restarted.certificate).toBe(bundle.leafPem + bundle.chainPem);
    const digest = createHash('sha256')
      .update(bundle.leafPem + bundle.chainPem)
      .digest('hex');
    expect(written).toEqual([{ parts: ['leaf', 'chain'], digest }]);
    expect(told).toEqual(written);
    expect(await again.installed(bundle, signal())).toEqual([]);
    expect(await second.run(again.install(bundle, () => undefined, signal()))).toEqual(written);
    expect(await codeOf(second.run(again.evidence(signal())))).toBe('device_refused');
    expect(await second.run(again.identify(signal()))).toMatchObject({ aliases: [UDID, '02a1b2c3d4e5'] });
    expect(second.clock.sleeping).toBe(0);
  });

  it.each([0.1, 0.3, 0.5, 0.7, 0.9, 0.97])(
    'resumes after the link was cut at %d of the whole way',
    async (part) => {
      const uncut = await deviceOf(firmware);
      const whole = open(uncut);
      const straight = await whole.session;
      await whole.run(straight.install(bundleFor(keyOf(uncut)), () => undefined, signal()));
      const afterBytes = Math.floor(whole.answered() * part);
      const device = await deviceOf(firmware, { kind: 'drop', afterBytes });
      const bundle = bundleFor(keyOf(device));
      const codes: string[] = [];
      for (let attempt = 0; attempt < 4 && codes.at(-1) !== 'no error'; attempt++) {
        if (codes.at(-1) === 'restart_needed') device.reset();
        const { session, run } = open(device);
        codes.push(
          await codeOf(session.then((opened) => run(opened.install(bundle, () => undefined, signal())))),
        );
      }
      const told = ['link_lost', 'restart_needed'];
      expect(told).toContain(codes[0]);
      expect(codes.at(-1)).toBe('no error');
      expect(codes.slice(0, -1).every((code) => told.includes(code))).toBe(true);
      expect(device.certificate).toBe(bundle.leafPem + bundle.chainPem);
    },
  );

  it('asks for a restart after a cut that took the answer to the last piece, and then goes on', async () => {
    const uncut = await deviceOf(firmware);
    const whole = open(uncut);
    const straight = await whole.session;
    await whole.run(straight.install(bundleFor(keyOf(uncut)), () => undefined, signal()));
    const device = await deviceOf(firmware, { kind: 'drop', afterBytes: Number.POSITIVE_INFINITY });
    const bundle = bundleFor(keyOf(device));
    const cut = open(device);
    const opened = await cut.session;
    const work = codeOf(cut.run(opened.install(bundle, (part) => expect(part).toBeUndefined(), signal())));
    while (device.certificate === undefined) await new Promise((resolve) => setImmediate(resolve));
    device.misbehave({ kind: 'drop', afterBytes: 0 });
    expect(await work).toBe('link_lost');

    for (let attempt = 0; attempt < 2; attempt++) {
      const dead = open(device);
      const session = await dead.session;
      expect(await codeOf(dead.run(session.identify(signal())))).toBe('restart_needed');
      expect(dead.clock.sleeping).toBe(0);
    }
    device.reset();
    const again = open(device);
    const resumed = await again.session;
    expect(await codeOf(again.run(resumed.install(bundle, () => undefined, signal())))).toBe('no error');
    expect(device.certificate).toBe(bundle.leafPem + bundle.chainPem);
  });

  it('says so when nothing, or nonsense, comes back', async () => {
    const silent = open(await deviceOf(firmware, { kind: 'silent' }));
    expect(await codeOf(silent.session)).toBe('timed_out');
    const garbage = open(await deviceOf(firmware, { kind: 'garbage' }));
    expect(await codeOf(garbage.session)).toBe('driver_unknown');
    const device = await deviceOf(firmware);
    const later = open(device);
    const session = await later.session;
    device.misbehave({ kind: 'garbage' });
    expect(await codeOf(later.run(session.evidence(signal())))).toBe('device_garbage');
    device.misbehave(undefined);
    expect(await codeOf(later.run(session.evidence(signal())))).toBe('no error');
    expect(silent.clock.sleeping + garbage.clock.sleeping + later.clock.sleeping).toBe(0);
  });

  it('ends when it is aborted, and takes up again in the same session', async () => {
    const device = await deviceOf(firmware);
    const { session, run, clock } = open(device);
    const opened = await session;
    const stop = new AbortController();
    const work = opened.evidence(stop.signal);
    stop.abort();
    expect(await codeOf(run(work))).toBe('aborted');
    expect(await codeOf(run(opened.evidence(signal())))).toBe('no error');
    expect(clock.sleeping).toBe(0);
  });
});

describe.each([[{ security: 1 }], [{ security: 2 }]] as const)(
  'the secret of the label with %o',
  (firmware) => {
    it('is asked for, and refused if it is another, without standing in the error', async () => {
      const device = await deviceOf(firmware);
      const { secret: _, ...unread } = visitOf(device);
      const without = openWith(device, unread);
      expect(await codeOf(without.run((await without.session).identify(signal())))).toBe('presence_missing');
      const wrong = open(device, { secret: { secret: 'not-the-secret' } });
      const error: unknown = await wrong
        .run((await wrong.session).identify(signal()))
        .catch((it: unknown) => it);
      if (!(error instanceof DeviceError)) throw new Error('no error');
      expect(error.code).toBe('presence_wrong');
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('not-the-secret');
    });
  },
);

it('takes the account of security 2 from the label', async () => {
  const device = await deviceOf({ username: 'fitter' });
  expect(JSON.parse(device.label)).toMatchObject({ username: 'fitter' });
  const named = open(device, { secret: { secret: device.pop, username: 'fitter' } });
  await named.run((await named.session).identify(signal()));
  const usual = open(device);
  expect(await codeOf(usual.run((await usual.session).identify(signal())))).toBe('presence_wrong');
});

describe('a device that is not as it was', () => {
  it('is not given a certificate for another key', async () => {
    const device = await deviceOf();
    const { session, run } = open(device);
    const bundle = bundleFor(keyOf(await deviceOf()));
    expect(await codeOf(run((await session).install(bundle, () => undefined, signal())))).toBe('key_changed');
    expect(device.certificate).toBeUndefined();
  });

  it('cannot show one key and sign with another', async () => {
    const { session, run } = open(await deviceOf({}, { kind: 'wrong-key' }));
    expect(await codeOf(run((await session).evidence(signal())))).toBe('proof_failed');
  });

  it('gives its request all the same where challenges are turned off or absent', async () => {
    for (const challenge of ['disabled', 'absent'] as const) {
      const { session, run } = open(await deviceOf({ challenge }));
      expect(await run((await session).evidence(signal()))).toMatchObject({ possession: 'static' });
    }
  });

  it('is known by its name alone where claiming is built out', async () => {
    const { session, run } = open(await deviceOf({ claim: false }));
    const opened = await session;
    expect(opened.traits.installs).toBe(false);
    expect(await run(opened.identify(signal()))).toEqual({ driver: 'esp-claim', aliases: [UDID] });
    expect(await codeOf(run(opened.evidence(signal())))).toBe('csr_missing');
  });
});

describe('the limits of the firmware', () => {
  it('are respected: the chain stays out where it would overrun the buffer', async () => {
    const device = await deviceOf();
    const { session, run, counts } = open(device);
    const bundle = bundleFor(keyOf(device), { chain: 2_000 });
    const written = await run((await session).install(bundle, () => undefined, signal()));
    expect(written.map((one) => one.parts)).toEqual([['leaf']]);
    expect(device.certificate).toBe(bundle.leafPem);
    expect(device.overran).toBe(false);
    expect(counts.largest).toBeLessThanOrEqual(512);
  });

  it('keep a name to 46 characters: a longer one gives way to the MAC', async () => {
    const device = await deviceOf();
    const long = `acme-${'x'.repeat(50)}`;
    const { session, run } = open(device, { udid: long });
    const { csr } = await run((await session).evidence(signal()));
    expect(commonNames(parseCsr(csr))).toEqual([UDID]);
    const named = open(device, { udid: 'acme-fx2000-17' });
    const evidence = await named.run((await named.session).evidence(signal()));
    expect(commonNames(parseCsr(evidence.csr))).toEqual(['acme-fx2000-17']);
    expect(device.nodeId).toBe('acme-fx2000-17');
  });

  it('find undescribed endpoints by their numbers', async () => {
    const { session } = open(await deviceOf({ describes: false }));
    expect((await session).traits).toMatchObject({ name: 'esp-claim', installs: false });
  });
});

describe('the Wi-Fi step', () => {
  it('hears networks, fails with a wrong password, and joins after a reset', async () => {
    const device = await deviceOf({ security: 1 });
    const { session, run } = open(device);
    const opened = await session;
    if (opened.wifi === undefined) throw new Error('no Wi-Fi');
    const { wifi } = opened;
    expect(await run(wifi.scan(signal()))).toEqual([
      { ssid: 'Werkstatt', rssi: -40, needsPassword: true },
      { ssid: 'Nachbar', rssi: -41, needsPassword: true },
      { ssid: 'Gäste', rssi: -42, needsPassword: true },
      { ssid: 'Lager', rssi: -43, needsPassword: true },
      { ssid: 'x'.repeat(32), rssi: -44, needsPassword: true },
      { ssid: 'offen', rssi: -45, needsPassword: false },
    ]);
    const join = (ssid: string, password: string) => codeOf(run(wifi.join(ssid, password, signal())));
    expect(await join('Werkstatt', 'wrong')).toBe('wifi_password_wrong');
    expect(await run(wifi.state(signal()))).toBe('ready');
    expect(await join('nowhere', '')).toBe('wifi_not_found');
    expect(await join('x'.repeat(33), '')).toBe('wifi_not_found');
    expect(await join('Werkstatt', 'x'.repeat(65))).toBe('wifi_password_wrong');
    expect(await join('Werkstatt', 'correct horse')).toBe('no error');
    expect(await run(open(device).session)).toBeDefined();
    expect(await run(wifi.state(signal()))).toBe('joined');
    const elsewhere = open(await deviceOf({ security: 0 }));
    const other = await elsewhere.session;
    if (other.wifi === undefined) throw new Error('no Wi-Fi');
    expect(await codeOf(elsewhere.run(other.wifi.join('nowhere', '', signal())))).toBe('wifi_not_found');
  });
});
