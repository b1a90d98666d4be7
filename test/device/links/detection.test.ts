import { describe, expect, it } from 'vitest';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../../simulator/profiles/esp/esp-device.ts';
import { FILES_FIRMWARE } from '../../../simulator/profiles/firmware.ts';
import { ZephyrCredDevice } from '../../../simulator/profiles/zephyr-cred.ts';
import { detectOn } from '../../../src/device/detect.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import type { Driver } from '../../../src/device/drivers/driver.ts';
import { DeviceError, type DeviceErrorCode } from '../../../src/ports/device.ts';
import type { GattLink, Link } from '../../../src/ports/link.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf } from '../../support/device-code.ts';
import { gattLink, type TestLink, uartLink } from '../../support/device-links.ts';
import { espLink } from '../esp/esp-link.ts';
import { cable } from '../nordic/byte-link.ts';

// Who is it? No question may change a device, the answer must not depend on who asked before, and the error must be true.
const signal = () => new AbortController().signal;
const crypto = cryptoPort(globalThis.crypto);
const stateOf = () => newDeviceState('mac-02a1b2c3d4e5');

function asked(test: Pick<TestLink<Link>, 'link' | 'settled'>, drivers: readonly Driver[]) {
  const clock = new FakeClock();
  const context = { clock, crypto, visit: {} };
  return { session: drive(detectOn(test.link, drivers, context, signal()), clock, test.settled), clock };
}

interface OnAir extends TestLink<GattLink> {
  readonly state: () => string;
}

const zephyr = (firmware: object) => async (): Promise<OnAir> => {
  const device = await ZephyrCredDevice.start({ state: await stateOf(), firmware });
  return { ...gattLink(device), state: () => JSON.stringify(device.state) };
};
const esp = (firmware: object) => async (): Promise<OnAir> => {
  const device = await EspClaimDevice.start({ state: await stateOf(), firmware });
  return { ...espLink(device), state: () => JSON.stringify(device.state) };
};
const ON_AIR: readonly {
  readonly name: string;
  readonly owner: string;
  readonly make: () => Promise<OnAir>;
}[] = [
  { name: 'Zephyr', owner: 'zephyr-cred', make: zephyr({}) },
  {
    name: 'Zephyr with nrf_cloud_cred, smallest MTU',
    owner: 'zephyr-cred',
    make: zephyr({ nrfCloudCred: true, attMtu: 23 }),
  },
  { name: 'Zephyr with files', owner: 'smp-files', make: zephyr(FILES_FIRMWARE) },
  { name: 'Espressif, security 0', owner: 'esp-claim', make: esp({ security: 0 }) },
  { name: 'Espressif, security 1', owner: 'esp-claim', make: esp({ security: 1 }) },
  { name: 'Espressif, security 2', owner: 'esp-claim', make: esp({ security: 2 }) },
];

describe.each(ON_AIR)('over Bluetooth $name', ({ owner, make }) => {
  it.each(DRIVERS)('is $name’s only if it is, and is left as it was', async (driver) => {
    const on = await make();
    const before = on.state();
    const { session, clock } = asked(on, [driver]);
    const said = await session.then(
      ({ traits }) => traits.name,
      (error: DeviceError) => error.code,
    );
    expect(said).toBe(driver.name === owner ? owner : 'driver_unknown');
    expect(on.state()).toBe(before);
    expect(clock.sleeping).toBe(0);
  });

  it('is found by all drivers, whoever asks first', async () => {
    for (const first of DRIVERS) {
      const { session } = asked(await make(), [first, ...DRIVERS.filter((one) => one !== first)]);
      expect((await session).traits.name).toBe(owner);
    }
  });
});

describe('a device that is slow to start', () => {
  it('is found when it has, however long it prints before', async () => {
    const device = await ZephyrCredDevice.start({ state: await stateOf() });
    const clock = new FakeClock();
    const wire = uartLink(device, { bootFirst: false });
    const start = clock.now();
    const ready = () => clock.now() - start > 9_000;
    const listeners = new Set<(chunk: Uint8Array) => void>();
    const link: Link = {
      ...wire.link,
      listen(take) {
        listeners.add(take);
        const stop = wire.link.listen(take);
        return () => {
          listeners.delete(take);
          stop();
        };
      },
      // Deaf while it boots.
      write: async (bytes, until) => (ready() ? wire.link.write(bytes, until) : undefined),
    };
    const logs = async () => {
      for (let line = 0; !ready(); line++) {
        await clock.sleep(450);
        for (const take of [...listeners])
          take(new TextEncoder().encode(`[${line}] boot: checking flash\r\n`));
      }
    };
    void logs();
    const context = { clock, crypto, visit: {} };
    const session = await drive(detectOn(link, DRIVERS, context, signal()), clock, wire.settled);
    expect(session.traits.name).toBe('zephyr-cred');
  });
});

describe('what is told when nobody knows the device', () => {
  const saying = (...codes: readonly (DeviceErrorCode | undefined)[]): readonly Driver[] =>
    codes.map((code, i) => ({
      name: `driver ${i}`,
      bluetoothServices: [],
      async detect(link) {
        if (link.shape === 'bytes') await link.write(Uint8Array.of(i), signal());
        if (code !== undefined) throw new DeviceError(code, 'test');
        return undefined;
      },
    }));
  const mute = { attachUart: () => ({ send: async () => undefined, detach: () => undefined }) };
  const printer: Parameters<typeof cable>[0] = {
    attachUart: (onBytes) => ({ send: async () => onBytes(Uint8Array.of(0x3f)), detach: () => undefined }),
  };

  it.each([
    { said: [undefined, undefined], told: 'driver_unknown' },
    { said: ['device_silent', 'device_silent'], told: 'device_silent' },
    { said: [undefined, 'device_silent'], told: 'device_silent' },
    { said: ['device_silent', 'timed_out'], told: 'timed_out' },
    { said: ['timed_out', 'device_refused', 'device_silent'], told: 'device_refused' },
    { said: ['device_silent', 'aborted', 'device_refused'], told: 'aborted' },
    { said: ['link_lost', 'device_refused'], told: 'link_lost' },
  ] as { said: (DeviceErrorCode | undefined)[]; told: DeviceErrorCode }[])(
    'of $said by a mute line it is $told',
    async ({ said, told }) => {
      expect(await codeOf(asked(cable(mute), saying(...said)).session)).toBe(told);
    },
  );

  it('never calls a device silent that made a sound, whoever heard it', async () => {
    const { session } = asked(cable(printer), saying('device_silent', 'device_silent', undefined));
    expect(await codeOf(session)).toBe('driver_unknown');
  });

  it('closes the link and takes its own ear off', async () => {
    const wire = cable(printer);
    expect(await codeOf(asked(wire, saying(undefined)).session)).toBe('driver_unknown');
    expect([wire.link.lost.aborted, wire.listeners.size]).toEqual([true, 0]);
  });
});
