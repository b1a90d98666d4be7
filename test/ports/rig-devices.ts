import { createHash } from 'node:crypto';
import { ArduinoBoard } from '../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import type { EspFirmware } from '../../simulator/profiles/esp/firmware.ts';
import type { Firmware } from '../../simulator/profiles/firmware.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import type { NordicFirmware } from '../../simulator/profiles/nordic/firmware.ts';
import { NordicModemDevice } from '../../simulator/profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { espEnd, improvEnd, smpEnd } from '../support/device-ends.ts';
import { byteWire, gattWire } from '../support/device-wire.ts';
import { CHALLENGE, type Rig } from './rig.ts';

// The simulated devices of the rigs, each ready to start.
const UDID = 'mac-02a1b2c3d4e5';
const digestOf = (state: unknown) => createHash('sha256').update(JSON.stringify(state)).digest('hex');
const spkiOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));

export function zephyr(link: 'uart' | 'gatt', firmware: Partial<Firmware>): Rig['start'] {
  return async (misbehaviour, key = 'p256') => {
    const base = { state: await newDeviceState(UDID, key), firmware };
    const device = await ZephyrCredDevice.start(
      misbehaviour === undefined ? base : { ...base, misbehaviour },
    );
    return {
      visit: { challenge: CHALLENGE },
      publicKey: spkiOf(device.publicKey),
      connect: (options) =>
        link === 'uart' ? byteWire(device, options, () => device.reset()) : gattWire(smpEnd(device), options),
      misbehave: (how) => device.misbehave(how),
      digest: () => digestOf(device.state),
      certificate: () => device.files?.content('certificate') ?? device.stored('SERV'),
    };
  };
}

export function nordic(firmware: Partial<NordicFirmware>): Rig['start'] {
  return async (misbehaviour) => {
    const base = { state: await newDeviceState('imei-352656100367872'), firmware };
    const device = await NordicModemDevice.start(
      misbehaviour === undefined ? base : { ...base, misbehaviour },
    );
    return {
      visit: { challenge: CHALLENGE },
      get publicKey() {
        return spkiOf(device.publicKey);
      },
      mode: () => device.modem.mode,
      connect: (options) => byteWire(device, options, () => device.reset()),
      misbehave: (how) => device.misbehave(how),
      digest: () => digestOf(device.state),
      certificate: () => device.stored('1'),
    };
  };
}

export function esp(firmware: Partial<EspFirmware>): Rig['start'] {
  return async (misbehaviour, key = 'p256') => {
    const device = await EspClaimDevice.start({
      state: await newDeviceState(UDID, key),
      firmware,
      misbehaviour,
    });
    return {
      visit: { udid: UDID, challenge: CHALLENGE, secret: { secret: device.pop, username: 'wifiprov' } },
      publicKey: spkiOf(device.publicKey),
      connect: (options) => gattWire(espEnd(device), options),
      misbehave: (how) => device.misbehave(how),
      digest: () => digestOf(device.state),
      certificate: () => {
        const pem = device.certificate;
        return pem === undefined ? undefined : new Uint8Array(Buffer.from(pem));
      },
      restart: () => device.reset(),
    };
  };
}

export const arduino: Rig['start'] = async (misbehaviour) => {
  const base = { state: await newDeviceState('arduino-0001') };
  const device = await ArduinoBoard.start(misbehaviour === undefined ? base : { ...base, misbehaviour });
  return {
    visit: { challenge: CHALLENGE },
    publicKey: spkiOf(device.publicKey),
    connect: (options) => byteWire(device, options),
    misbehave: (how) => device.misbehave(how),
    digest: () => digestOf(device.state),
    certificate: () => undefined,
  };
};

export function improv(link: 'uart' | 'gatt'): Rig['start'] {
  return async (misbehaviour) => {
    const device = new ImprovDevice(misbehaviour === undefined ? {} : { misbehaviour });
    return {
      visit: {},
      publicKey: undefined,
      connect: (options) =>
        link === 'uart' ? byteWire(device, options) : gattWire(improvEnd(device), options),
      misbehave: (how) => device.misbehave(how),
      digest: () => digestOf(device.state),
      certificate: () => undefined,
    };
  };
}
