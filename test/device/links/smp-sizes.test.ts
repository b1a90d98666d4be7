import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../src/device/protocols/smp-client.ts';
import { GattSmpCarrier } from '../../../src/device/protocols/smp-gatt.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { type BeyondMtu, gattLink } from '../../support/device-links.ts';
import { simulatedDevice } from '../../support/device-simulated.ts';

// The page cannot ask for the MTU: sizes are found by trying, and what a stack does beyond it must not matter.
const signal = () => new AbortController().signal;
const STACKS: readonly BeyondMtu[] = ['lost', 'cut', 'refused'];

async function opened(beyond: BeyondMtu, mtu: { now: number }) {
  const device = await simulatedDevice({ firmware: { attMtu: 517, nrfCloudCred: true } });
  const { link, settled, counts } = gattLink(device, { beyond, mtu: () => mtu.now });
  const clock = new FakeClock();
  const run = <T>(work: Promise<T>) => drive(work, clock, settled);
  const carrier = await GattSmpCarrier.open(link, signal());
  if (carrier === undefined) throw new Error('no SMP');
  const client = new SmpClient(carrier, clock);
  const echo = async (text: string) => {
    const request = { operation: 'write', group: 0, command: 0, body: { d: text } } as const;
    return (await run(client.request(request, signal()))).get('r');
  };
  return { carrier, counts, echo, grow: () => run(carrier.grow(client, signal())), clock };
}

describe.each(STACKS)('where a value beyond the MTU is %s', (beyond) => {
  it.each([
    [23, 20],
    [24, 20],
    [66, 20],
    [67, 64],
    [185, 128],
    [247, 244],
    [517, 495],
  ])('with an MTU of %i ends at pieces of %i', async (mtu, piece) => {
    const { carrier, counts, echo, grow, clock } = await opened(beyond, { now: mtu });
    expect(await echo('before it grows')).toBe('before it grows');
    expect(counts.largest).toBe(20);
    await grow();
    expect(carrier.pieceSize).toBe(piece);
    for (const length of [1, 40, 200, 600]) expect(await echo('x'.repeat(length))).toBe('x'.repeat(length));
    expect(clock.sleeping).toBe(0);
  });

  it('goes back to the smallest when a proven size fails, and works on', async () => {
    const mtu = { now: 247 };
    const { carrier, echo, grow } = await opened(beyond, mtu);
    await grow();
    expect(carrier.pieceSize).toBe(244);
    mtu.now = 100;
    const first = echo('y'.repeat(300)).catch((error: { code: string }) => error.code);
    // Refused it never left and is sent again; lost or cut, nobody knows what the device has, and the driver asks anew.
    expect(await first).toBe(beyond === 'refused' ? 'y'.repeat(300) : 'timed_out');
    expect(await echo('z'.repeat(300))).toBe('z'.repeat(300));
    expect(carrier.pieceSize).toBe(20);
  });
});
