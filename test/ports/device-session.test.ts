import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { type Firmware, type Misbehaviour, SMALL_BUFFERS } from '../../simulator/profiles/firmware.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { detectOn } from '../../src/device/connect.ts';
import { DRIVERS } from '../../src/device/drivers/all.ts';
import type { DeviceError, DeviceErrorCode, WrittenPart } from '../../src/ports/device.ts';
import type { Link } from '../../src/ports/link.ts';
import { bundleOf } from '../support/device-bundle.ts';
import { drive, FakeClock } from '../support/device-clock.ts';
import { nodeSha256 } from '../support/device-crypto.ts';
import { gattLink, type TestLink, uartLink } from '../support/device-links.ts';

// Every driver over every link it has, with a device that behaves and with each way not to. A new driver adds a row.
const UDID = 'mac-02a1b2c3d4e5';
const signal = () => new AbortController().signal;

interface Setup {
  readonly name: string;
  readonly firmware: Partial<Firmware>;
  readonly connect: (device: ZephyrCredDevice) => TestLink<Link>;
}

const SETUPS: readonly Setup[] = [
  { name: 'tls_keygen over UART', firmware: {}, connect: (device) => uartLink(device) },
  {
    name: 'tls_keygen over UART, no echo or colours',
    firmware: { echo: false, colours: false },
    connect: (device) => uartLink(device),
  },
  {
    name: 'nrf_cloud_cred over UART',
    firmware: { nrfCloudCred: true, printsAtBoot: false },
    connect: (device) => uartLink(device),
  },
  {
    name: 'nrf_cloud_cred over SMP on GATT',
    firmware: { nrfCloudCred: true, printsAtBoot: false },
    connect: (device) => gattLink(device),
  },
  {
    name: 'nrf_cloud_cred over SMP, smallest MTU',
    firmware: { nrfCloudCred: true, printsAtBoot: false, attMtu: 23 },
    connect: (device) => gattLink(device),
  },
];

async function deviceOf(setup: Setup, misbehaviour?: Misbehaviour): Promise<ZephyrCredDevice> {
  const base = { state: await newDeviceState(UDID), firmware: setup.firmware };
  return ZephyrCredDevice.start(misbehaviour === undefined ? base : { ...base, misbehaviour });
}

function open(setup: Setup, device: ZephyrCredDevice, options: { readonly secTag?: number } = {}) {
  const clock = new FakeClock();
  const { link, settled, counts } = setup.connect(device);
  const run = <T>(work: Promise<T>) => drive(work, clock, settled);
  const session = run(detectOn(link, DRIVERS, { clock, crypto: nodeSha256, ...options }, signal()));
  return { session, run, clock, counts, link };
}

async function codeOf(work: Promise<unknown>): Promise<DeviceErrorCode | 'no error'> {
  return work.then(
    () => 'no error' as const,
    (error: DeviceError) => error.code,
  );
}

describe.each(SETUPS)('$name', (setup) => {
  it('identifies the device and reads its key and request', async () => {
    const device = await deviceOf(setup);
    const { session, run, clock } = open(setup, device);
    const opened = await session;
    const identity = await run(opened.identify(signal()));
    const evidence = await run(opened.evidence(signal()));

    expect(identity).toMatchObject({
      driver: 'zephyr-cred',
      firmware: 'Zephyr 4.2.99',
      aliases: ['02a1b2c3d4e5'],
    });
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
    expect(Buffer.from(evidence.csr).includes(Buffer.from(evidence.publicKey))).toBe(true);
    expect(evidence.possession).toBe('static');
    expect(opened.traits.csrSubject).toBe(setup.firmware.nrfCloudCred ? 'identity' : 'says-nothing');
    await opened.close();
    expect(clock.sleeping).toBe(0);
  });

  it('installs leaf, chain and anchor, and reads back the digest of what the device holds', async () => {
    const device = await deviceOf(setup);
    const { session, run } = open(setup, device);
    const opened = await session;
    const bundle = bundleOf();
    const told: WrittenPart[] = [];
    const written = await run(opened.install(bundle, (part) => told.push(part), signal()));

    const stored = (slot: string) => Buffer.from(device.stored(slot) ?? []);
    expect(stored('SERV').toString()).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
    expect(stored('CA').toString()).toBe(`${bundle.anchorPem}\0`);
    const digest = (slot: string) => createHash('sha256').update(stored(slot)).digest('hex');
    expect(written).toEqual([
      { parts: ['anchor'], digest: digest('CA') },
      { parts: ['leaf', 'chain'], digest: digest('SERV') },
    ]);
    expect(told).toEqual(written);
    expect(await run(opened.installed(bundle, signal()))).toEqual(written);
  });

  it('replaces an older credential and writes nothing when asked again', async () => {
    const device = await deviceOf(setup);
    const { session, run, counts } = open(setup, device);
    const opened = await session;
    await run(opened.install(bundleOf(), () => undefined, signal()));
    const second = bundleOf();
    await run(opened.install(second, () => undefined, signal()));
    expect(Buffer.from(device.stored('CA') ?? []).toString()).toBe(`${second.anchorPem}\0`);

    const before = counts.bytes;
    await run(opened.install(second, () => undefined, signal()));
    expect(counts.bytes - before).toBeLessThan(1_000);
  });

  it.each([500, 1_500, 3_000, 6_000])('resumes after the link was cut at %i bytes', async (afterBytes) => {
    const device = await deviceOf(setup);
    const bundle = bundleOf();
    device.misbehave({ kind: 'drop', afterBytes });
    let cuts = 0;
    for (let attempt = 0; attempt < 4; attempt++) {
      const { session, run } = open(setup, device);
      const code = await codeOf(
        session.then((opened) => run(opened.install(bundle, () => undefined, signal()))),
      );
      if (code === 'no error') break;
      expect(code).toBe('link_lost');
      cuts++;
    }
    expect(cuts).toBeLessThan(2);
    expect(Buffer.from(device.stored('SERV') ?? []).toString()).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
    expect(Buffer.from(device.stored('CA') ?? []).toString()).toBe(`${bundle.anchorPem}\0`);
  });

  it('notices that the device stored something else', async () => {
    const { session, run } = open(setup, await deviceOf(setup, { kind: 'corrupt-store' }));
    const opened = await session;
    expect(await codeOf(run(opened.install(bundleOf(), () => undefined, signal())))).toBe(
      'read_back_mismatch',
    );
  });

  it('hands over a request for another key as the device gave it, for the checks to refuse', async () => {
    const { session, run } = open(setup, await deviceOf(setup, { kind: 'wrong-key' }));
    const evidence = await run((await session).evidence(signal()));
    expect(Buffer.from(evidence.csr).includes(Buffer.from(evidence.publicKey))).toBe(false);
  });

  it('says so when nothing, or nonsense, comes back', async () => {
    const silent = open(setup, await deviceOf(setup, { kind: 'silent' }));
    expect(['device_silent', 'timed_out']).toContain(await codeOf(silent.session));
    const garbage = open(setup, await deviceOf(setup, { kind: 'garbage' }));
    expect(['driver_unknown', 'timed_out', 'device_garbage']).toContain(await codeOf(garbage.session));
    expect(silent.clock.sleeping + garbage.clock.sleeping).toBe(0);
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    const { session, run, clock } = open(setup, await deviceOf(setup));
    const opened = await session;
    const work = opened.install(bundleOf(), () => stop.abort(), stop.signal);
    expect(await codeOf(run(work))).toBe('aborted');
    expect(clock.sleeping).toBe(0);
  });
});

const [UART] = SETUPS;
const GATT = SETUPS[3];

describe('firmware with limits', () => {
  it.each([UART, GATT])('stores the leaf alone as DER where the buffer takes no more: %o', async (setup) => {
    if (setup === undefined) throw new Error('no such setup');
    const small: Setup = { ...setup, firmware: { ...setup.firmware, ...SMALL_BUFFERS } };
    const device = await deviceOf(small);
    const { session, run } = open(small, device);
    const bundle = bundleOf();
    const written = await run((await session).install(bundle, () => undefined, signal()));
    expect(written.map((one) => one.parts)).toEqual([['anchor'], ['leaf']]);
    const der = Buffer.from(bundle.leafPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    expect(Buffer.from(device.stored('SERV') ?? []).equals(der)).toBe(true);
  });

  it('says storage_full where not even that fits', async () => {
    const small: Setup = { name: '', firmware: SMALL_BUFFERS, connect: (device) => uartLink(device) };
    const { session, run } = open(small, await deviceOf(small));
    const work = (await session).install(bundleOf({ leaf: 900 }), () => undefined, signal());
    expect(await codeOf(run(work))).toBe('storage_full');
  });

  it('asks for the cable where SMP gives no request, or cuts it short', async () => {
    for (const firmware of [{ nrfCloudCred: false }, { nrfCloudCred: true, ...SMALL_BUFFERS }]) {
      const setup: Setup = { name: '', firmware, connect: (device) => gattLink(device) };
      const { session, run } = open(setup, await deviceOf(setup));
      expect(await codeOf(run((await session).evidence(signal())))).toBe('evidence_needs_cable');
    }
  });

  it('asks for a reset where the boot was not seen, and finds the evidence after it', async () => {
    const setup: Setup = {
      name: '',
      firmware: {},
      connect: (device) => uartLink(device, { bootFirst: false }),
    };
    const device = await deviceOf(setup);
    const { session, run } = open(setup, device);
    const opened = await session;
    expect(await codeOf(run(opened.evidence(signal())))).toBe('evidence_not_seen');
    device.reset();
    const evidence = await run(opened.evidence(signal()));
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
  });

  it('finds pieces as large as the MTU allows, and no larger', async () => {
    if (GATT === undefined) throw new Error('no such setup');
    const opened = open(GATT, await deviceOf(GATT));
    await opened.session;
    expect(opened.counts.largest).toBe(244);
  });
});

it('writes a key that OpenSSL reads, under a request that verifies', async () => {
  if (UART === undefined) throw new Error('no such setup');
  const { session, run } = open(UART, await deviceOf(UART));
  const { publicKey } = await run((await session).evidence(signal()));
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(X509Certificate).toBeDefined();
});
