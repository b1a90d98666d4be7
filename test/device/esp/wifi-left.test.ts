import { expect, it } from 'vitest';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../../simulator/profiles/esp/esp-device.ts';
import { detectOn } from '../../../src/device/detect.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { espLink } from './esp-link.ts';
import { nodeProtocommCrypto } from './node-crypto.ts';

it.each(['wrong', 'correct horse'])(
  'asks no more once its join was left, and the next one works (%s)',
  async (password) => {
    const state = await newDeviceState('mac-02a1b2c3d4e5');
    const device = await EspClaimDevice.start({ state, firmware: { security: 1 } });
    const clock = new FakeClock();
    const { link, settled, counts } = espLink(device);
    const run = <T>(work: Promise<T>) => drive(work, clock, settled);
    const visit = { secret: { secret: device.pop } };
    const context = { clock, crypto: nodeSha256, protocomm: nodeProtocommCrypto(), visit };
    const { wifi } = await run(detectOn(link, DRIVERS, context, signal()));
    if (wifi === undefined) throw new Error('no Wi-Fi');

    const stop = new AbortController();
    const left = codeOf(wifi.join('Werkstatt', password, stop.signal));
    // It pauses between two questions.
    while (clock.sleeping !== 1) await new Promise((resolve) => setImmediate(resolve));
    await settled();
    const behind = codeOf(wifi.state(stop.signal));
    stop.abort();
    expect([await run(left), await behind]).toEqual(['aborted', 'aborted']);
    const asked = counts.writes;
    await run(clock.sleep(60_000));
    expect(counts.writes).toBe(asked);
    expect(await run(codeOf(wifi.join('Werkstatt', 'correct horse', signal())))).toBe('no error');
    expect(clock.sleeping).toBe(0);
  },
);
