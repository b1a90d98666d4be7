import { describe, expect, it } from 'vitest';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { ArduinoBoard } from '../../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import { ImprovDevice } from '../../../simulator/profiles/improv/improv-device.ts';
import { NordicModemDevice } from '../../../simulator/profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from '../../../simulator/profiles/zephyr-cred.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import { arduino } from '../../../src/device/drivers/arduino/driver.ts';
import { improv } from '../../../src/device/drivers/improv/driver.ts';
import { nordicModem } from '../../../src/device/drivers/nordic-modem/driver.ts';
import { smpFiles } from '../../../src/device/drivers/smp-files/driver.ts';
import { zephyrCred } from '../../../src/device/drivers/zephyr-cred/driver.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { open, type UartDevice } from './byte-link.ts';

interface Simulated extends UartDevice {
  readonly state?: unknown;
}
const stateOf = () => newDeviceState('imei-352656100367872');
const zephyr = (firmware: object) => async () => ZephyrCredDevice.start({ state: await stateOf(), firmware });
const nordic = (firmware: object) => async () =>
  NordicModemDevice.start({ state: await stateOf(), firmware });

const DEVICES: readonly {
  readonly name: string;
  readonly owner?: string;
  readonly make: () => Promise<Simulated>;
}[] = [
  { name: 'Zephyr', owner: 'zephyr-cred', make: zephyr({}) },
  { name: 'Zephyr without echo', owner: 'zephyr-cred', make: zephyr({ echo: false, colours: false }) },
  { name: 'AT host, CR LF', owner: 'nordic-modem', make: nordic({}) },
  { name: 'AT host, LF', owner: 'nordic-modem', make: nordic({ termination: 'lf' }) },
  { name: 'AT host, CR', owner: 'nordic-modem', make: nordic({ termination: 'cr' }) },
  { name: 'modem behind a shell', owner: 'nordic-modem', make: nordic({ shell: true }) },
  { name: 'Arduino', owner: 'arduino', make: async () => ArduinoBoard.start({ state: await stateOf() }) },
  { name: 'Improv', owner: 'improv', make: async () => new ImprovDevice() },
];
const ONES = [zephyrCred, smpFiles, nordicModem, arduino, improv];
const crypto = { ...cryptoPort(globalThis.crypto), ...nodeSha256 };

describe.each(DEVICES)('$name', ({ owner, make }) => {
  it.each(ONES)('is $name’s only if it is, and is left as it was', async (driver) => {
    const device = await make();
    const before = JSON.stringify(device.state);
    const { session, listeners, clock } = open(device, [driver], { crypto });
    if (driver.name === owner) expect((await session).traits.name).toBe(owner);
    else {
      expect(['driver_unknown', 'device_silent']).toContain(await codeOf(session));
      expect(listeners.size).toBe(0);
    }
    expect(JSON.stringify(device.state)).toBe(before);
    expect(clock.sleeping).toBe(0);
  });

  it('is found whatever asked before, on the same cable', async () => {
    for (const first of ONES) {
      const device = await make();
      const drivers = [first, ...ONES.filter((one) => one !== first)];
      const { session, run } = open(device, drivers, { crypto });
      if (owner === undefined) expect(await codeOf(session)).not.toBe('no error');
      else {
        const opened = await session;
        expect(opened.traits.name).toBe(owner);
        expect((await run(opened.identify(signal()))).driver).toBe(owner);
      }
    }
  });

  it('is found by all drivers together', async () => {
    const { session } = open(await make(), DRIVERS, { crypto });
    if (owner === undefined) expect(await codeOf(session)).not.toBe('no error');
    else expect((await session).traits.name).toBe(owner);
  });
});
