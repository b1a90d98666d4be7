import { expect, it } from 'vitest';
import type { DeviceEvidence } from '../../src/ports/device.ts';
import { RIGS } from '../ports/device-rigs.ts';
import { Stop } from '../ports/device-visit.ts';
import { signal } from '../support/device-code.ts';

function howFresh({ possession, proof }: DeviceEvidence): string | undefined {
  if (possession === 'static') return undefined;
  return proof === undefined ? 'csr-subject' : 'signed-challenge';
}

it.each(RIGS)('says how its evidence will be fresh, or nothing of it: $driver, $name', async (rig) => {
  const stop = new Stop(await rig.start());
  const session = await stop.open();
  const { evidence, freshBy } = session.traits;
  if (evidence === 'none') expect(freshBy).toBeUndefined();
  else {
    const how = howFresh(await stop.run(session.evidence(signal())));
    // A modem that makes its key shows only by its answer what its firmware can.
    expect(freshBy).toBe(rig.driver === 'nordic-modem' ? undefined : how);
  }
  await stop.end();
});

it.each(RIGS)('promises no way to be fresh without a challenge: $driver, $name', async (rig) => {
  const device = await rig.start();
  const { challenge: _, ...visit } = device.visit;
  const stop = new Stop(device, {}, visit);
  const { traits } = await stop.open();
  expect([traits.possession, traits.freshBy]).toEqual(['static', undefined]);
  await stop.end();
});
