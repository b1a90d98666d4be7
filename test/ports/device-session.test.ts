import { describe, expect, it } from 'vitest';
import { fromPem } from '../../core/pem.ts';
import { makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { type Firmware, SMALL_BUFFERS } from '../../simulator/profiles/firmware.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import type { Visit } from '../../src/ports/device.ts';
import { bundleOf } from '../support/device-bundle.ts';
import { codeOf, signal } from '../support/device-code.ts';
import { smpEnd } from '../support/device-ends.ts';
import { byteWire, gattWire } from '../support/device-wire.ts';
import { installSuite } from './device-install.suite.ts';
import { misbehavesSuite } from './device-misbehaves.suite.ts';
import { RIGS } from './device-rigs.ts';
import { sessionSuite } from './device-session.suite.ts';
import { Stop } from './device-visit.ts';
import { CHALLENGE, type Running } from './rig.ts';

// Every driver over every link it has. A new driver adds its rows to RIGS.
describe.each(RIGS)('$driver: $name', (rig) => {
  sessionSuite(rig);
  misbehavesSuite(rig);
  if (rig.corrupt !== undefined) installSuite(rig);
});

const UDID = 'mac-02a1b2c3d4e5';

async function zephyr(
  link: 'uart' | 'gatt',
  firmware: Partial<Firmware>,
  options: { readonly bootSeen?: boolean; readonly credentials?: Readonly<Record<string, string>> } = {},
): Promise<Running & { readonly device: ZephyrCredDevice }> {
  const { credentials = {} } = options;
  const state = { ...(await newDeviceState(UDID)), credentials };
  const device = await ZephyrCredDevice.start({ state, firmware });
  const boot = () => (options.bootSeen === false ? undefined : device.reset());
  return {
    device,
    visit: {},
    publicKey: new Uint8Array(Buffer.from(device.publicKey, 'base64url')),
    connect: (wire) => (link === 'uart' ? byteWire(device, wire, boot) : gattWire(smpEnd(device), wire)),
    misbehave: (how) => device.misbehave(how),
    digest: () => JSON.stringify(device.state),
    certificate: () => device.stored('SERV'),
  };
}

const nrf: Partial<Firmware> = { nrfCloudCred: true, printsAtBoot: false };

describe('firmware with limits', () => {
  it.each(['uart', 'gatt'] as const)(
    'stores the leaf alone as DER where the buffer takes no more: %s',
    async (link) => {
      const running = await zephyr(link, SMALL_BUFFERS);
      const stop = new Stop(running);
      const session = await stop.open();
      const bundle = bundleOf();
      const written = await stop.run(session.install(bundle, () => undefined, signal()));
      expect(written.map((one) => one.parts)).toEqual([['anchor'], ['leaf']]);
      expect(running.certificate()).toEqual(fromPem('CERTIFICATE', bundle.leafPem)[0]);
      await stop.end();
    },
  );

  it('says storage_full where not even that fits', async () => {
    const stop = new Stop(await zephyr('uart', SMALL_BUFFERS));
    const session = await stop.open();
    const work = session.install(bundleOf({ leaf: 900 }), () => undefined, signal());
    expect(await codeOf(stop.run(work))).toBe('storage_full');
    await stop.end();
  });

  it.each(['uart', 'gatt'] as const)(
    'keeps the certificate it had where the new one has no room: %s',
    async (link) => {
      const running = await zephyr(link, SMALL_BUFFERS);
      const stop = new Stop(running);
      const session = await stop.open();
      await stop.run(session.install(bundleOf(), () => undefined, signal()));
      const [anchor, leaf] = [running.device.stored('CA'), running.device.stored('SERV')];
      for (const sizes of [{ anchor: 900 }, { leaf: 900 }]) {
        const work = session.install({ ...bundleOf(sizes) }, () => undefined, signal());
        expect(await codeOf(stop.run(work))).toBe('storage_full');
        if ('anchor' in sizes) expect(running.device.stored('CA')).toEqual(anchor);
        expect(running.device.stored('SERV')).toEqual(leaf);
      }
      await stop.end();
    },
  );

  it('promises nothing fresh where no tag is known, and is named by its chip', async () => {
    const firmware = { ...nrf, chipId: '0badc0de0badc0de' };
    const running = await zephyr('uart', firmware, { credentials: { '7/PK': 'QQ==' } });
    const stop = new Stop(running, {}, { challenge: CHALLENGE });
    const session = await stop.open();
    expect(session.traits.possession).toBe('static');
    expect(session.traits.freshBy).toBeUndefined();
    expect((await stop.run(session.evidence(signal()))).possession).toBe('static');
    expect((await stop.run(session.identify(signal()))).aliases).toEqual(['0badc0de0badc0de']);
    await stop.end();
    const told = new Stop(running, {}, { challenge: CHALLENGE, secTag: 42 });
    const named = await told.open();
    expect(named.traits.possession).toBe('fresh');
    expect((await told.run(named.evidence(signal()))).possession).toBe('fresh');
    await told.end();
  });

  it.each([{ nrfCloudCred: false }, { nrfCloudCred: true, ...SMALL_BUFFERS }])(
    'asks for the cable where SMP gives no request, or cuts it short: %o',
    async (firmware) => {
      const stop = new Stop(await zephyr('gatt', firmware));
      const session = await stop.open();
      expect(await codeOf(stop.run(session.evidence(signal())))).toBe('evidence_needs_cable');
      await stop.end();
    },
  );

  it('asks for a reset where the boot was not seen, and finds the evidence after it', async () => {
    const running = await zephyr('uart', {}, { bootSeen: false });
    const stop = new Stop(running);
    const session = await stop.open();
    expect(await codeOf(stop.run(session.evidence(signal())))).toBe('evidence_not_seen');
    // Another key under the device's own name would pass if its name were to do.
    const own = running.publicKey ?? new Uint8Array(0);
    expect(await codeOf(stop.run(session.holdsKey(own, signal())))).toBe('evidence_not_seen');
    running.device.reset();
    const evidence = await stop.run(session.evidence(signal()));
    expect(evidence.publicKey).toEqual(running.publicKey);
    expect(await stop.run(session.holdsKey(own, signal()))).toBe(true);
    expect(await stop.run(session.holdsKey((await makeDeviceKey()).key.spki, signal()))).toBe(false);
    await stop.end();
  });
});

describe('a key that is made', () => {
  it('is announced, made once, and stands in no list yet', async () => {
    const running = await zephyr('uart', { ...nrf, keyless: true });
    const first = new Stop(running);
    const before = await first.open();
    expect(before.traits).toMatchObject({ makesKey: true, rowKind: 'udid-only' });
    await first.run(before.evidence(signal()));
    await first.end();
    const second = new Stop(running);
    const after = await second.open();
    expect(after.traits).toMatchObject({ makesKey: false, rowKind: 'key' });
    expect((await second.run(after.evidence(signal()))).publicKey).toEqual(running.publicKey);
    await second.end();
  });

  it('is not made behind anybody’s back: the key was there when it was asked, and is gone since', async () => {
    const running = await zephyr('uart', { ...nrf, keyless: true });
    const visit: Visit = { secTag: 7 };
    const stop = new Stop(running, {}, visit);
    const session = await stop.open();
    expect(await codeOf(stop.run(session.evidence(signal())))).toBe('device_refused');
    expect(running.device.state.credentials).toEqual({});
    await stop.end();
  });
});
