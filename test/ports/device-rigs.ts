import { DEFAULT_FILES, FILES_FIRMWARE, type Firmware } from '../../simulator/profiles/firmware.ts';
import type { DeviceErrorCode } from '../../src/ports/device.ts';
import type { Rig } from './rig.ts';
import { arduino, esp, improv, nordic, zephyr } from './rig-devices.ts';
import { inText, longAnswer, longFrame, longHandshake, longResult, longSmp, oneMoreAt } from './rig-lies.ts';

const GARBAGE: readonly DeviceErrorCode[] = ['driver_unknown', 'device_garbage', 'timed_out'];
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
