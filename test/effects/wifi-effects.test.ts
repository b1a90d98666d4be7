import { expect, test } from 'vitest';
import { performWifi } from '../../src/effects/wifi-effects.ts';
import type { WifiFlowEvent } from '../../src/flow/wifi.ts';
import { DeviceError, type WifiStep } from '../../src/ports/device.ts';

/** A step that goes on until it is stopped. */
function endless() {
  const given: AbortSignal[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      given.push(signal);
      signal.addEventListener('abort', () => reject(new DeviceError('aborted', 'test')));
    });
  const step: WifiStep = { state: work, scan: work, join: (_ssid, _password, signal) => work(signal) };
  return { given, step };
}

const effects = [{ do: 'scan' }, { do: 'join', ssid: 'Site 12', password: 'correct horse' }] as const;

test.each(effects)('$do stops when the person leaves, and when the device is given back', async (effect) => {
  for (const leaves of [true, false]) {
    const { given, step } = endless();
    const [left, over] = [new AbortController(), new AbortController()];
    const event = new Promise<WifiFlowEvent>((send) => {
      performWifi({ wifi: () => ({ step, signal: over.signal }) }, effect, left.signal, send);
    });
    (leaves ? left : over).abort();
    expect(await event).toEqual({ on: 'failed', trouble: { code: 'aborted' } });
    expect(given.map(({ aborted }) => aborted)).toEqual([true]);
    // Only this step: the device is still there for the next.
    expect(over.signal.aborted).toBe(!leaves);
  }
});
