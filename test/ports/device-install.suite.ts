import { expect, it } from 'vitest';
import { fromPem } from '../../core/pem.ts';
import { makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import type { WrittenPart } from '../../src/ports/device.ts';
import { bundleWith } from '../support/device-certificate.ts';
import { codeOf, signal } from '../support/device-code.ts';
import { evidenceOf, keyOf, registered, Stop } from './device-visit.ts';
import type { Rig, Running } from './rig.ts';
import { when } from './when.ts';

/** What every driver that stores a certificate must do over every link it has. */
export function installSuite(rig: Rig): void {
  const holds = (device: Running, leafPem: string) => {
    const held = Buffer.from(device.certificate() ?? []);
    const der = Buffer.from(fromPem('CERTIFICATE', leafPem)[0] ?? []);
    return held.equals(der) || held.toString('latin1').startsWith(leafPem);
  };

  it('stores what it is given, and each part of it is read back', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const bundle = bundleWith(keyOf(device));
    const told: WrittenPart[] = [];
    const written = await stop.run(session.install(bundle, (part) => told.push(part), signal()));
    expect(told).toEqual(written);
    expect(holds(device, bundle.leafPem)).toBe(true);
    expect(written.flatMap(({ parts }) => parts).includes('anchor')).toBe(session.traits.holdsAnchor);
    expect(await stop.run(session.installed(bundle, signal()))).toEqual(
      session.traits.readsBack ? written : [],
    );
    await stop.end();
  });

  it('replaces another certificate, and writes nothing twice', async () => {
    const device = await rig.start();
    await registered(device);
    const [first, second] = [bundleWith(keyOf(device)), bundleWith(keyOf(device))];
    for (const bundle of [first, second, second]) {
      const stop = new Stop(device);
      const session = await stop.open();
      const before = device.digest();
      if (session.traits.readsBack)
        expect(await stop.run(session.installed(bundle, signal()))).toHaveLength(
          bundle === second && holds(device, second.leafPem) ? (session.traits.holdsAnchor ? 2 : 1) : 0,
        );
      const wasThere = holds(device, bundle.leafPem);
      await stop.run(session.install(bundle, () => undefined, signal()));
      expect(holds(device, bundle.leafPem)).toBe(true);
      if (wasThere) expect(device.digest()).toBe(before);
      await stop.end();
      device.restart?.();
    }
  });

  it('notices what it can of a device that stores something else', async () => {
    const device = await rig.start();
    await registered(device);
    device.misbehave({ kind: 'corrupt-store' });
    const stop = new Stop(device);
    const session = await stop.open();
    const work = session.install(bundleWith(keyOf(device), { chain: 0 }), () => undefined, signal());
    expect(await codeOf(stop.run(work))).toBe(rig.corrupt);
    await stop.end();
  });

  when(rig.checksKey)('leaves the device as it was if the certificate is for another key', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const before = device.digest();
    const bundle = bundleWith((await makeDeviceKey()).key.spki, { chain: 0 });
    expect(await codeOf(stop.run(session.install(bundle, () => undefined, signal())))).toBe('key_changed');
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('refuses what is no certificate before it touches the device', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const before = device.digest();
    const bundle = { leafPem: 'no certificate', chainPem: '', anchorPem: 'neither' };
    expect(await codeOf(stop.run(session.install(bundle, () => undefined, signal())))).toBe(
      'install_rejected',
    );
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  when(rig.keyOnce)('never makes a second key, and leaves the device as it was', async () => {
    const device = await rig.start();
    await registered(device);
    const before = device.digest();
    const stop = new Stop(device);
    const session = await stop.open();
    expect(await codeOf(evidenceOf(stop, session))).toBe('key_exists');
    expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('ends when it is stopped between two parts', async () => {
    const device = await rig.start();
    await registered(device);
    const stop = new Stop(device);
    const session = await stop.open();
    const late = new AbortController();
    const bundle = bundleWith(keyOf(device), { chain: 0 });
    const work = session.install(bundle, () => late.abort(), late.signal);
    const code = await codeOf(stop.run(work));
    // A firmware with one part is done by then.
    expect(session.traits.holdsAnchor ? ['aborted'] : ['no error', 'aborted']).toContain(code);
    expect(await stop.run(session.install(bundle, () => undefined, signal()))).not.toHaveLength(0);
    await stop.end();
  });
}
