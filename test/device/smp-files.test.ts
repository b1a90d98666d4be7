import { expect, it } from 'vitest';
import { equalBytes, toHex } from '../../core/bytes.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import {
  DEFAULT_FILES,
  FILES_FIRMWARE,
  type FilesFirmware,
  type Firmware,
} from '../../simulator/profiles/firmware.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { SmpClient } from '../../src/device/protocols/smp-client.ts';
import { ConsoleSmpCarrier } from '../../src/device/protocols/smp-console-carrier.ts';
import { SmpFiles } from '../../src/device/protocols/smp-files.ts';
import { Stop } from '../ports/device-visit.ts';
import { bundleWith } from '../support/device-certificate.ts';
import { drive, FakeClock } from '../support/device-clock.ts';
import { codeOf, signal } from '../support/device-code.ts';
import { nodeSha256 } from '../support/device-crypto.ts';
import { byteWire, type WireOptions } from '../support/device-wire.ts';

const NAME = '/lfs1/credentials/crt.der';
const CONTENT = Uint8Array.from({ length: 1_500 }, (_, at) => (at * 31) & 0xff);

async function deviceOf(files: Partial<FilesFirmware> = {}, firmware: Partial<Firmware> = {}) {
  const all = { ...FILES_FIRMWARE, smpBuffer: 384, ...firmware, files: { ...DEFAULT_FILES, ...files } };
  return ZephyrCredDevice.start({ state: await newDeviceState('mac-02a1b2c3d4e5'), firmware: all });
}

/** The file group of this device, over its console. */
function opened(device: ZephyrCredDevice, options: WireOptions = {}) {
  const clock = new FakeClock();
  const { link, settled, counts } = byteWire(device, options);
  if (link.shape !== 'bytes') throw new Error('no console');
  const carrier = new ConsoleSmpCarrier(link);
  const files = new SmpFiles(new SmpClient(carrier, clock), nodeSha256);
  return { files, counts, run: <T>(work: Promise<T>) => drive(work, clock, settled) };
}

it('goes on where a cut upload ended', async () => {
  const device = await deviceOf();
  const whole = opened(await deviceOf());
  await whole.run(whole.files.upload(NAME, CONTENT, signal()));

  const cut = opened(device, { cutAt: { bytes: Math.floor(whole.counts.bytes * 0.7) } });
  expect(await codeOf(cut.run(cut.files.upload(NAME, CONTENT, signal())))).toBe('link_lost');
  const part = device.files?.content('certificate')?.length ?? 0;
  expect(part).toBeGreaterThan(400);
  const again = opened(device);
  await again.run(again.files.upload(NAME, CONTENT, signal()));
  expect(equalBytes(device.files?.content('certificate') ?? new Uint8Array(0), CONTENT)).toBe(true);
  // Base64 makes four of three: the part that was there did not travel twice.
  expect(again.counts.bytes).toBeLessThan(whole.counts.bytes - part);
});

it('begins anew where the part that is there is something else’s', async () => {
  const device = await deviceOf();
  const { files, run } = opened(device);
  await run(files.upload(NAME, CONTENT.slice(0, 700).reverse(), signal()));
  await run(files.upload(NAME, CONTENT, signal()));
  expect(equalBytes(device.files?.content('certificate') ?? new Uint8Array(0), CONTENT)).toBe(true);
});

it('sends smaller packets where larger ones are lost', async () => {
  const device = await deviceOf();
  // A console that loses what is longer than 200 bytes at a time.
  const lossy = {
    attachUart: (onBytes: (bytes: Uint8Array) => void, onCut: () => void) => {
      const end = device.attachUart(onBytes, onCut);
      const send = async (bytes: Uint8Array) => (bytes.length > 200 ? undefined : end.send(bytes));
      return { ...end, send: (bytes: Uint8Array) => send(bytes).then(() => undefined) };
    },
  };
  const clock = new FakeClock();
  const { link, settled } = byteWire(lossy);
  if (link.shape !== 'bytes') throw new Error('no console');
  const files = new SmpFiles(new SmpClient(new ConsoleSmpCarrier(link), clock), nodeSha256);
  await drive(files.upload(NAME, CONTENT, signal()), clock, settled);
  expect(equalBytes(device.files?.content('certificate') ?? new Uint8Array(0), CONTENT)).toBe(true);
  expect(clock.sleeping).toBe(0);
});

it.each([true, false])(
  'tells a file by its hash, by the device’s own command or without one: %s',
  async (hash) => {
    const { files, run } = opened(await deviceOf({ hash }));
    await run(files.upload(NAME, CONTENT, signal()));
    expect(await run(files.digest(NAME, 2_000, signal()))).toBe(toHex(await nodeSha256.sha256(CONTENT)));
    expect(await run(files.digest('/lfs1/credentials/none', 2_000, signal()))).toBeUndefined();
    if (!hash) expect(await codeOf(run(files.digest(NAME, 100, signal())))).toBe('device_garbage');
  },
);

it('never touches the key file, makes none, and has no evidence without its maker’s request', async () => {
  const device = await deviceOf({ request: false });
  const publicKey = new Uint8Array(Buffer.from(device.publicKey, 'base64url'));
  const visit = {
    visit: {},
    publicKey,
    connect: (options?: WireOptions) => byteWire(device, options),
    misbehave: () => undefined,
    digest: () => JSON.stringify(device.state),
    certificate: () => device.files?.content('certificate'),
  };
  const stop = new Stop(visit);
  const session = await stop.open();
  expect(session.traits).toMatchObject({ name: 'smp-files', makesKey: false, possession: 'static' });
  expect(await codeOf(stop.run(session.evidence(signal())))).toBe('csr_missing');
  const work = session.install(bundleWith(publicKey), () => undefined, signal());
  expect(await codeOf(stop.run(work))).toBe('csr_missing');
  await stop.end();
  expect([...(device.files?.touched ?? [])]).not.toContain(device.files?.names.key);
  expect(device.files?.content('certificate')).toBeUndefined();
});
