import { expect, it } from 'vitest';
import { benchPair } from '../bench/pair.ts';
import { RIGS } from '../ports/device-rigs.ts';

// On a clock that goes from event to event, so that this is a count and no measurement.
it('loses less than a tenth of a slow link’s time to waits of its own, with every driver over every link', async () => {
  const { ratios, figures } = await benchPair();
  expect(Object.keys(ratios)).toHaveLength(RIGS.length);
  for (const [driver, value] of Object.entries(ratios)) {
    const { own_waits: ownWaits } = value as { own_waits: number };
    expect({ driver, ownWaits, isLow: ownWaits < 0.1 }).toMatchObject({ isLow: true });
  }
  for (const value of Object.values(figures) as unknown as readonly Record<string, number>[]) {
    expect(value.requests).toBeGreaterThanOrEqual(value.least_requests ?? Number.NaN);
    expect(value.bytes).toBeGreaterThanOrEqual(value.least_bytes ?? Number.NaN);
  }
});
