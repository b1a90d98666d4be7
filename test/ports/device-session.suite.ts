import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { toHex } from '../../core/bytes.ts';
import { parseCsr, verifyCsr } from '../../core/csr.ts';
import { judgePossession } from '../../core/possession.ts';
import { type KeyType, makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import type { DeviceEvidence } from '../../src/ports/device.ts';
import { codeOf, signal } from '../support/device-code.ts';
import { evidenceOf, Stop } from './device-visit.ts';
import { CHALLENGE, CRYPTO, type Rig } from './rig.ts';

/** Core's own verdict, as the phone and the registration authority give it. */
async function possessionOf(evidence: DeviceEvidence) {
  const csr = evidence.csr.length === 0 ? undefined : parseCsr(evidence.csr);
  const given = {
    deviceKey: evidence.publicKey,
    csr,
    csrSignature: csr === undefined ? ('invalid' as const) : await verifyCsr(csr, CRYPTO.crypto),
    hasRequest: csr !== undefined,
    claimed: evidence.possession,
    challenge: CHALLENGE,
    proof: evidence.proof,
    tokens: (evidence.attestations ?? []).map(({ text }) => text),
  };
  return judgePossession(given, CRYPTO.crypto);
}

/** What every driver must do over every link it has, with a device that behaves. */
export function sessionSuite(rig: Rig): void {
  it.each<KeyType>(rig.keys ?? ['p256'])('finds the device and hands over its key, %s', async (key) => {
    const device = await rig.start(undefined, key);
    const stop = new Stop(device);
    const session = await stop.open();
    const { traits } = session;
    expect(traits.name).toBe(rig.driver);
    expect(traits).toMatchObject({ wifi: session.wifi !== undefined, installs: rig.corrupt !== undefined });
    const before = device.digest();
    expect((await stop.run(session.identify(signal()))).driver).toBe(rig.driver);
    if (traits.evidence === 'none') {
      expect(await codeOf(stop.run(session.evidence(signal())))).toBe('nothing_to_bind');
    } else {
      const evidence = await evidenceOf(stop, session);
      expect(toHex(evidence.publicKey)).toBe(toHex(device.publicKey ?? new Uint8Array(0)));
      expect(() =>
        createPublicKey({ key: Buffer.from(evidence.publicKey), format: 'der', type: 'spki' }),
      ).not.toThrow();
      expect(evidence.possession).toBe(rig.fresh === undefined ? 'static' : 'fresh');
      expect(traits.possession).toBe(evidence.possession);
      // Where how is only known once it was done, nothing is said before.
      expect([rig.fresh, undefined]).toContain(traits.freshBy);
      expect(await possessionOf(evidence)).toMatchObject({
        result: rig.fresh === undefined ? 'not_checkable' : 'passed',
      });
      expect(evidence.csr.length > 0).toBe(traits.evidence === 'key-and-csr');
      if (rig.fresh === 'csr-subject') expect(evidence.proof).toBeUndefined();
      if (evidence.csr.length > 0)
        expect(await verifyCsr(parseCsr(evidence.csr), CRYPTO.crypto)).toBe('valid');
      expect(await stop.run(session.holdsKey(evidence.publicKey, signal()))).not.toBe(false);
    }
    if (!traits.makesKey && rig.driver !== 'esp-claim') expect(device.digest()).toBe(before);
    await stop.end();
  });

  it('is static, and says so, where nobody asks for more', async () => {
    const device = await rig.start();
    const { challenge: _, ...visit } = device.visit;
    const stop = new Stop(device, {}, visit);
    const session = await stop.open();
    expect(session.traits.possession).toBe('static');
    if (session.traits.evidence !== 'none') {
      const evidence = await evidenceOf(stop, session);
      expect(evidence).toMatchObject({ possession: 'static' });
      expect(evidence.proof).toBeUndefined();
    }
    await stop.end();
  });

  it('knows another key from its own', async () => {
    const device = await rig.start();
    const stop = new Stop(device);
    const session = await stop.open();
    if (session.traits.evidence !== 'none') await evidenceOf(stop, session);
    const other = (await makeDeviceKey()).key.spki;
    expect(await stop.run(session.holdsKey(other, signal()))).toBe(
      session.traits.evidence === 'none' ? undefined : false,
    );
    await stop.end();
  });
}
