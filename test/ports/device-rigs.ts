import { createHash } from 'node:crypto';
import { cryptoPort } from '../../core/webcrypto.ts';
import { ArduinoBoard } from '../../simulator/profiles/arduino/arduino-board.ts';
import type { KeyType } from '../../simulator/profiles/device-key.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import type { EspFirmware } from '../../simulator/profiles/esp/firmware.ts';
import {
  DEFAULT_FILES,
  FILES_FIRMWARE,
  type Firmware,
  type Misbehaviour,
} from '../../simulator/profiles/firmware.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import type { NordicFirmware } from '../../simulator/profiles/nordic/firmware.ts';
import { NordicModemDevice } from '../../simulator/profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import type { DeviceErrorCode, Visit } from '../../src/ports/device.ts';
import { nodeProtocommCrypto } from '../device/esp/node-crypto.ts';
import { nodeSha256 } from '../support/device-crypto.ts';
import { espEnd, improvEnd, smpEnd } from '../support/device-ends.ts';
import { byteWire, gattWire, type Wire, type WireOptions } from '../support/device-wire.ts';

export const CHALLENGE = new Uint8Array(createHash('sha256').update('a challenge of ours').digest());
export const CRYPTO = {
  crypto: { ...cryptoPort(globalThis.crypto), ...nodeSha256 },
  protocomm: nodeProtocommCrypto(),
};

/** A simulated device at work. */
export interface Running {
  readonly visit: Visit;
  /** SubjectPublicKeyInfo of the key it really has. */
  readonly publicKey: Uint8Array | undefined;
  connect(options?: WireOptions): Wire;
  misbehave(how: Misbehaviour | undefined): void;
  /** Of all that it would keep over a restart. */
  digest(): string;
  /** Its certificate as it would use it, PEM or DER. */
  certificate(): Uint8Array | undefined;
  /** Its reset button, where a visit may leave it wanting that (`restart_needed`). */
  restart?(): void;
  /** A modem's +CFUN. */
  mode?(): number;
}

export type Step = 'identify' | 'evidence' | 'install' | 'scan';

/** What one firmware does on one link, and what must come of it. */
export interface Rig {
  readonly name: string;
  readonly driver: string;
  start(how?: Misbehaviour, key?: KeyType): Promise<Running>;
  /** Its keys, where its firmware can have others than P-256. */
  readonly keys?: readonly KeyType[];
  readonly fresh?: 'csr-subject' | 'signed-challenge';
  /** What comes of nothing, of nonsense, of words without end. */
  readonly silent: DeviceErrorCode;
  readonly nonsense: readonly DeviceErrorCode[];
  /** What comes of a request by another key: handed over for the checks to refuse, or refused at once. */
  readonly otherKey?: 'handed-over' | DeviceErrorCode;
  /** What comes of a device that stores something else. Absent where nothing can be stored. */
  readonly corrupt?: 'read_back_mismatch' | 'no error';
  /** Whether its driver itself can tell that a certificate is for another key. */
  readonly checksKey?: boolean;
  /** Has an answer say another length than it has, everything else about it right; any other chunk is left as it is. */
  readonly lie?: (chunk: Uint8Array) => Uint8Array;
  /** Its driver asks again, since a log line may tear an answer apart: the lie is told each time. */
  readonly asksAgain?: boolean;
  /** The same for what it says once it was identified, where that looks otherwise. */
  readonly lieLater?: (chunk: Uint8Array) => Uint8Array;
  /** Asks for the secret of its label. */
  readonly secret?: boolean;
  /** Shows and uses its key only when it makes it. */
  readonly keyOnce?: boolean;
  /** A step that needs no answer: printed at the start, or where a refusal says that the firmware lacks it. */
  readonly unmoved?: Step;
  /** A command that may take its device seconds. */
  readonly slow?: RegExp;
  /** Lines of others: anywhere, or within a shell's answers only, as it writes its prompt again (see `logs`). */
  readonly noisy?: 'anywhere' | 'in answers';
  /** A network that it can join, where that is part of its whole way. */
  readonly wifi?: { readonly ssid: string; readonly password: string };
  /** Byte positions to cut at; each run of a slow handshake counts. */
  readonly cuts?: number;
}

const UDID = 'mac-02a1b2c3d4e5';
const digestOf = (state: unknown) => createHash('sha256').update(JSON.stringify(state)).digest('hex');
const spkiOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
const GARBAGE: readonly DeviceErrorCode[] = ['driver_unknown', 'device_garbage', 'timed_out'];

function zephyr(link: 'uart' | 'gatt', firmware: Partial<Firmware>): Rig['start'] {
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

function nordic(firmware: Partial<NordicFirmware>): Rig['start'] {
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

function esp(firmware: Partial<EspFirmware>): Rig['start'] {
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

const arduino: Rig['start'] = async (misbehaviour) => {
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

function improv(link: 'uart' | 'gatt'): Rig['start'] {
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

/** One more at this place. */
const oneMoreAt = (at: number) => (chunk: Uint8Array) =>
  chunk.length > at ? chunk.with(at, ((chunk[at] ?? 0) + 1) & 0xff) : chunk;
/** An SMP header that claims a byte more than there is. */
const longSmp = (chunk: Uint8Array) => (chunk.length < 8 ? chunk : oneMoreAt(3)(chunk));
/** A console frame that does, its CRC right for what there is. */
const longFrame = (chunk: Uint8Array) => {
  const isWhole = chunk[0] === 0x06 && chunk[1] === 0x09 && chunk.at(-1) === 0x0a;
  if (!isWhole) return chunk;
  const packet = new Uint8Array(Buffer.from(Buffer.from(chunk.subarray(2, -1)).toString('latin1'), 'base64'));
  const text = Buffer.from(oneMoreAt(1)(packet)).toString('base64');
  return new Uint8Array(Buffer.concat([chunk.subarray(0, 2), Buffer.from(text), chunk.subarray(-1)]));
};
/** Improv's result says its texts are longer than they are. The sum of what stands from `from` on is right again. */
const longResult = (at: number, from: number, behind: number) => (chunk: Uint8Array) => {
  if (chunk.length <= at) return chunk;
  const end = chunk.length - behind;
  const told = oneMoreAt(at)(chunk);
  return told.with(
    end,
    told.subarray(from, end).reduce((sum, byte) => (sum + byte) & 0xff, 0),
  );
};
/** A handshake's protobuf, of whose field of bytes, which one number may precede, the length is more than there is. */
const longHandshake = (chunk: Uint8Array) => {
  const at = chunk[0] === 0x10 ? 3 : 1;
  return chunk.with((chunk[at] ?? 0) < 0x80 ? at : at + 1, 0x7f);
};
/**
 * The same of an answer within the session, its `msg` before it. Security 1 is a stream cipher, in which a bit stays where it
 * is; security 2 refuses every changed bit.
 */
const longAnswer = (chunk: Uint8Array) => chunk.with(3, (chunk[3] ?? 0) ^ 0x40);
const inText = (from: RegExp, to: string) => (chunk: Uint8Array) =>
  new Uint8Array(Buffer.from(Buffer.from(chunk).toString('latin1').replace(from, to), 'latin1'));

const nrf: Partial<Firmware> = { nrfCloudCred: true, printsAtBoot: false };
const shellRig = { silent: 'device_silent', nonsense: GARBAGE, corrupt: 'read_back_mismatch' } as const;
const gattRig = { silent: 'timed_out', nonsense: GARBAGE, corrupt: 'read_back_mismatch' } as const;
const countLie = inText(/\d+ credentials found/, '9 credentials found');
const HOME = { ssid: 'home', password: 'password' };
const WERKSTATT = { ssid: 'Werkstatt', password: 'correct horse' };
const espRig = {
  driver: 'esp-claim',
  keys: ['p256', 'rsa2048'],
  fresh: 'signed-challenge',
  silent: 'timed_out',
  nonsense: GARBAGE,
  otherKey: 'proof_failed',
  corrupt: 'no error',
  checksKey: true,
  lie: longHandshake,
} as const;

/** Where an Improv frame begins in what the simulated device prints with it. */
const IMPROV_AT = '[I] wifi: idle\r\n'.length;

export const RIGS: readonly Rig[] = [
  {
    ...shellRig,
    name: 'tls_keygen on a console',
    unmoved: 'evidence',
    driver: 'zephyr-cred',
    keys: ['p256', 'p384', 'rsa2048'],
    otherKey: 'handed-over',
    lie: countLie,
    asksAgain: true,
    start: zephyr('uart', {}),
  },
  {
    ...shellRig,
    name: 'tls_keygen on a console without echo or colours',
    unmoved: 'evidence',
    driver: 'zephyr-cred',
    otherKey: 'handed-over',
    lie: countLie,
    asksAgain: true,
    start: zephyr('uart', { echo: false, colours: false }),
    cuts: 20,
  },
  {
    ...shellRig,
    name: 'nrf_cloud_cred on a console',
    noisy: 'in answers',
    driver: 'zephyr-cred',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    lie: countLie,
    asksAgain: true,
    start: zephyr('uart', nrf),
  },
  {
    ...shellRig,
    name: 'nrf_cloud_cred on a console, without a key',
    slow: /keygen/,
    noisy: 'in answers',
    driver: 'zephyr-cred',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    start: zephyr('uart', { ...nrf, keyless: true, exportsKey: false }),
  },
  {
    ...gattRig,
    name: 'nrf_cloud_cred over SMP on Bluetooth',
    driver: 'zephyr-cred',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    lie: longSmp,
    start: zephyr('gatt', nrf),
  },
  {
    ...gattRig,
    name: 'nrf_cloud_cred over SMP on Bluetooth, smallest MTU',
    driver: 'zephyr-cred',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    start: zephyr('gatt', { ...nrf, attMtu: 23 }),
    cuts: 20,
  },
  {
    ...shellRig,
    name: 'files over SMP on a console',
    driver: 'smp-files',
    keys: ['p256', 'p384', 'ed25519', 'rsa2048'],
    checksKey: true,
    lie: longFrame,
    start: zephyr('uart', FILES_FIRMWARE),
  },
  {
    ...gattRig,
    name: 'files over SMP on Bluetooth',
    driver: 'smp-files',
    checksKey: true,
    lie: longSmp,
    start: zephyr('gatt', FILES_FIRMWARE),
  },
  {
    ...shellRig,
    name: 'files of the older layout, no hash command, small buffers',
    driver: 'smp-files',
    checksKey: true,
    start: zephyr('uart', {
      ...FILES_FIRMWARE,
      smpBuffer: 384,
      files: { ...DEFAULT_FILES, layout: 'sdk', hash: false },
    }),
  },
  {
    ...shellRig,
    name: 'AT host',
    driver: 'nordic-modem',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    keyOnce: true,
    slow: /%KEYGEN/,
    noisy: 'anywhere',
    start: nordic({}),
  },
  {
    ...shellRig,
    name: 'AT host of older modem firmware, LF',
    noisy: 'anywhere',
    driver: 'nordic-modem',
    fresh: 'signed-challenge',
    otherKey: 'handed-over',
    keyOnce: true,
    slow: /%KEYGEN/,
    start: nordic({ subjects: false, termination: 'lf', mode: 4 }),
    cuts: 20,
  },
  {
    ...shellRig,
    name: 'modem behind a shell',
    noisy: 'in answers',
    driver: 'nordic-modem',
    fresh: 'csr-subject',
    otherKey: 'handed-over',
    keyOnce: true,
    slow: /%KEYGEN/,
    start: nordic({ shell: true }),
  },
  {
    name: 'Arduino board',
    driver: 'arduino',
    silent: 'device_silent',
    nonsense: GARBAGE,
    otherKey: 'proof_failed',
    noisy: 'anywhere',
    lie: oneMoreAt(4),
    start: arduino,
  },
  {
    ...espRig,
    name: 'Espressif, security 0',
    lieLater: longAnswer,
    wifi: WERKSTATT,
    start: esp({ security: 0 }),
  },
  {
    ...espRig,
    name: 'Espressif, security 1',
    secret: true,
    lieLater: longAnswer,
    wifi: WERKSTATT,
    start: esp({ security: 1 }),
  },
  {
    ...espRig,
    // Its Wi-Fi is security 1's, above a handshake that takes many times as long.
    name: 'Espressif, security 2',
    secret: true,
    start: esp({ security: 2, valueLimit: 512 }),
    cuts: 8,
  },
  {
    name: 'Improv on a cable',
    wifi: HOME,
    driver: 'improv',
    silent: 'device_silent',
    nonsense: GARBAGE,
    noisy: 'anywhere',
    lie: longResult(IMPROV_AT + 10, IMPROV_AT, 2),
    start: improv('uart'),
  },
  {
    name: 'Improv over Bluetooth',
    unmoved: 'identify',
    wifi: HOME,
    driver: 'improv',
    silent: 'timed_out',
    nonsense: GARBAGE,
    lie: longResult(1, 0, 1),
    start: improv('gatt'),
  },
];
