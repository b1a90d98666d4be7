import { describe, expect, it } from 'vitest';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { ArduinoBoard } from '../../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import type { Misbehaviour } from '../../../simulator/profiles/firmware.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import { arduino } from '../../../src/device/drivers/arduino/driver.ts';
import { bundleOf } from '../../support/device-bundle.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { open } from '../nordic/byte-link.ts';

const crypto = { ...cryptoPort(globalThis.crypto), ...nodeSha256 };

async function boardOf(misbehaviour?: Misbehaviour): Promise<ArduinoBoard> {
  const base = { state: await newDeviceState('arduino-0001') };
  return ArduinoBoard.start(misbehaviour === undefined ? base : { ...base, misbehaviour });
}

describe.each([
  { name: 'alone', drivers: [arduino] },
  { name: 'after every other driver asked', drivers: DRIVERS },
])('arduino, $name', ({ drivers }) => {
  it('gives id, key and a token that the key signed', async () => {
    const board = await boardOf();
    const { session, run, clock, listeners } = open(board, drivers, { crypto });
    const opened = await session;
    expect(await run(opened.identify(signal()))).toEqual({
      driver: 'arduino',
      firmware: 'sketch 1.0.0',
      aliases: [board.label],
    });
    const evidence = await run(opened.evidence(signal()));
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(board.publicKey);
    expect(evidence).toMatchObject({ possession: 'static', attestations: [{ kind: 'arduino-jwt' }] });
    expect(evidence.csr.length).toBe(0);
    expect(opened.traits.installs).toBe(false);
    expect(await codeOf(run(opened.install(bundleOf(), () => undefined, signal())))).toBe('install_rejected');
    expect(await opened.installed(bundleOf(), signal())).toEqual([]);
    await opened.close();
    expect([clock.sleeping, listeners.size]).toEqual([0, 0]);
  });

  it.each(['wrong-key', 'broken-signature'] as const)('refuses a token by another key: %s', async (kind) => {
    const { session, run } = open(await boardOf({ kind }), drivers, { crypto });
    expect(await codeOf(run((await session).evidence(signal())))).toBe('proof_failed');
  });

  it('says so when nothing, or nonsense, comes back', async () => {
    const silent = open(await boardOf({ kind: 'silent' }), drivers, { crypto });
    expect(await codeOf(silent.session)).toBe('device_silent');
    const garbage = open(await boardOf({ kind: 'garbage' }), drivers, { crypto });
    expect(['driver_unknown', 'device_silent', 'timed_out']).toContain(await codeOf(garbage.session));
    expect(silent.clock.sleeping + garbage.clock.sleeping).toBe(0);
  });

  it.each([30, 60, 200, 400])(
    'ends when the link drops after %i bytes, and does it whole the next time',
    async (n) => {
      const board = await boardOf({ kind: 'drop', afterBytes: n });
      const cut = open(board, drivers, { crypto });
      const code = await codeOf(cut.session.then((one) => cut.run(one.evidence(signal()))));
      expect(code).toBe('link_lost');
      const again = open(board, drivers, { crypto });
      const evidence = await again.run((await again.session).evidence(signal()));
      expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(board.publicKey);
    },
  );
});
