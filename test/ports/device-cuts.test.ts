import { describe, expect, it } from 'vitest';
import { toHex } from '../../core/bytes.ts';
import { fromPem } from '../../core/pem.ts';
import type { CredentialBundle, DeviceSession } from '../../src/ports/device.ts';
import { bundleWith } from '../support/device-certificate.ts';
import { codeOf, signal } from '../support/device-code.ts';
import type { WireOptions } from '../support/device-wire.ts';
import { RIGS } from './device-rigs.ts';
import { Stop } from './device-visit.ts';
import type { Rig, Running } from './rig.ts';

// The link is cut at every operation of the whole way, and at byte positions spread over it. The next visit resumes at the
// first step not done, and nothing of the cut one is left: no listener, no wait.
const BYTE_CUTS = 40;

const JOIN_ASKS = 10;

type Bundles = () => CredentialBundle | undefined;

/** Found, identified, its evidence taken, its network joined and its certificate installed, as far as it has these. */
async function wholeWay(rig: Rig, stop: Stop, bundleOf: Bundles): Promise<void> {
  const session = await stop.open();
  await stop.run(session.identify(signal()));
  if (session.traits.evidence !== 'none') await evidence(stop, session);
  if (rig.wifi !== undefined) await network(stop, session, rig.wifi);
  const bundle = bundleOf();
  if (bundle !== undefined) await stop.run(session.install(bundle, () => undefined, signal()));
}

/** A modem gives its evidence once: on a later visit it has to say that its key is the one it was. */
async function evidence(stop: Stop, session: DeviceSession): Promise<void> {
  const code = await codeOf(stop.run(session.evidence(signal())));
  if (code === 'key_exists') return;
  if (code !== 'no error') throw stop.wire.link.lost.reason ?? new Error(code);
}

/** As the app does it: what it has joined already, or is about to, is not asked of it again. */
async function network(stop: Stop, session: DeviceSession, known: NonNullable<Rig['wifi']>): Promise<void> {
  const { wifi } = session;
  if (wifi === undefined) throw new Error('no Wi-Fi step');
  expect((await stop.run(wifi.scan(signal()))).map(({ ssid }) => ssid)).toContain(known.ssid);
  for (let asks = 0; asks < JOIN_ASKS; asks++) {
    const now = await stop.run(wifi.state(signal()));
    if (now === 'joined') return;
    if (now === 'joining') await stop.run(stop.clock.sleep(1_000));
    else await stop.run(wifi.join(known.ssid, known.password, signal()));
  }
  throw new Error('never joined');
}

/** A certificate for the key that the device has by then: a modem's orphan is replaced by another key. */
function bundlesOf(rig: Rig, device: Running): Bundles {
  let made: { readonly key: string; readonly bundle: CredentialBundle } | undefined;
  return () => {
    const { publicKey } = device;
    if (rig.corrupt === undefined || publicKey === undefined) return undefined;
    const key = toHex(publicKey);
    if (made?.key !== key) made = { key, bundle: bundleWith(publicKey, { chain: 0 }) };
    return made.bundle;
  };
}

async function measured(rig: Rig): Promise<{ readonly operations: number; readonly bytes: number }> {
  const device = await rig.start();
  const stop = new Stop(device);
  await wholeWay(rig, stop, bundlesOf(rig, device));
  await stop.end();
  return stop.wire.counts;
}

async function cutAndResume(rig: Rig, cutAt: NonNullable<WireOptions['cutAt']>): Promise<void> {
  const device = await rig.start();
  const bundles = bundlesOf(rig, device);
  const cut = new Stop(device, { cutAt });
  const code = await codeOf(wholeWay(rig, cut, bundles));
  // The last bytes may be an answer that nobody waits for.
  // A firmware that may want a restart is told so of a cut at the one message it would die of.
  const lost = device.restart === undefined ? ['link_lost'] : ['link_lost', 'restart_needed'];
  expect([...lost, 'no error']).toContain(code);
  await cut.end();

  const visit = { ...device.visit, replaceOrphanKey: true };
  const again = new Stop(device, {}, visit);
  const resumed = await codeOf(wholeWay(rig, again, bundles));
  await again.end();
  // Everything was stored when the link was cut.
  if (device.restart !== undefined && device.certificate() !== undefined && resumed === 'restart_needed') {
    device.restart();
    const last = new Stop(device, {}, visit);
    await wholeWay(rig, last, bundles);
    await last.end();
  } else expect(resumed).toBe('no error');
  // On the air, whatever the cut left it in.
  expect(device.mode?.() ?? 1).toBe(1);
  const bundle = bundles();
  if (bundle === undefined) return;
  const held = Buffer.from(device.certificate() ?? []);
  const [der] = fromPem('CERTIFICATE', bundle.leafPem);
  expect(held.equals(Buffer.from(der ?? [])) || held.toString('latin1').startsWith(bundle.leafPem)).toBe(
    true,
  );
}

describe.each(RIGS)('$driver: $name', (rig) => {
  it('resumes after a cut at each operation', async () => {
    const { operations } = await measured(rig);
    expect(operations).toBeGreaterThan(1);
    for (let at = 0; at < operations; at++) await cutAndResume(rig, { operations: at });
  });

  it('resumes after a cut at bytes spread over the whole way', async () => {
    const { bytes } = await measured(rig);
    const cuts = rig.cuts ?? BYTE_CUTS;
    for (let at = 0; at < cuts; at++) {
      // Within words as often as between them: a prime step falls on no boundary for long.
      const position = Math.floor((bytes * at) / cuts) + ((at * 7) % 13);
      if (position < bytes) await cutAndResume(rig, { bytes: position });
    }
  });
});
