import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KEY_TYPES, type KeyType } from './profiles/device-key.ts';
import type { EspFirmware } from './profiles/esp/firmware.ts';
import {
  FILES_FIRMWARE,
  type Firmware,
  type Misbehaviour,
  misbehaviourOf,
  SMALL_BUFFERS,
} from './profiles/firmware.ts';
import type { NordicFirmware } from './profiles/nordic/firmware.ts';

const PROFILES = ['zephyr-cred', 'smp-files', 'esp-claim', 'nordic-modem', 'arduino', 'improv'] as const;
type Profile = (typeof PROFILES)[number];

/**
 * The keys that each firmware can have: Mbed TLS writes no Ed25519 request, RainMaker has P-256 and RSA, Nordic's modem and
 * Arduino's secure element P-256 alone. A maker who leaves files behind may have made them with anything.
 */
const KEYS: Readonly<Record<Profile, readonly KeyType[]>> = {
  'zephyr-cred': ['p256', 'p384', 'rsa2048'],
  'smp-files': KEY_TYPES,
  'esp-claim': ['p256', 'rsa2048'],
  'nordic-modem': ['p256'],
  arduino: ['p256'],
  improv: [],
};

export interface DeviceArguments {
  readonly profile: Profile;
  /** The key that a new device gets. */
  readonly key: KeyType;
  readonly udid: string | undefined;
  readonly pty: string | undefined;
  readonly tcp: number | undefined;
  readonly http: number | undefined;
  readonly stateDir: string | undefined;
  readonly labelFile: string | undefined;
  readonly misbehaviour: Misbehaviour | undefined;
  readonly firmware: Partial<Firmware>;
  readonly esp: Partial<EspFirmware>;
  readonly nordic: Partial<NordicFirmware>;
  /** A Nordic modem whose attestation speaks of another request. */
  readonly digestMismatch: boolean;
  readonly resetOnOpen: boolean;
}

export const USAGE = `npm run device -- --profile zephyr-cred [--pty [PATH]] [--tcp PORT] [--udid U] [--state DIR]
  [--label FILE.png] [--misbehave wrong-key|broken-signature|other-device|drop:BYTES|garbage|silent|corrupt-store]
  [--key p256|p384|rsa2048] [--nrf-cloud-cred] [--keyless] [--small-buffers] [--no-reset-on-open]
npm run device -- --profile smp-files [the same] [--key p256|p384|ed25519|rsa2048]
npm run device -- --profile esp-claim [--http PORT] [--security 0|1|2] [--udid U] [--state DIR] [--label FILE.png]
  [--key p256|rsa2048] [--misbehave KIND]
npm run device -- --profile nordic-modem|arduino|improv [--pty [PATH]] [--tcp PORT] [--udid U] [--state DIR]
  [--label FILE.png] [--misbehave KIND|digest-mismatch] [--at-shell]

--keyless: a device with nrf_cloud_cred that has no key until it is told to make one. --key counts for a new device; one
from a state directory keeps the key it has. nrf_cloud_cred has P-256 keys only.
--pty without a path makes "fieldbind-device.tty" in the system's folder for temporary files.
Once ready it prints one JSON line. Then it takes commands on its input: "reset" presses the device's reset button.`;

/** @throws Error whose message is for the person who typed */
export function deviceArguments(args: readonly string[]): DeviceArguments {
  const { values } = parseArgs({
    args: withPtyPath(args),
    options: {
      profile: { type: 'string' },
      pty: { type: 'string' },
      tcp: { type: 'string' },
      http: { type: 'string' },
      security: { type: 'string' },
      key: { type: 'string', default: 'p256' },
      keyless: { type: 'boolean', default: false },
      udid: { type: 'string' },
      state: { type: 'string' },
      label: { type: 'string' },
      misbehave: { type: 'string' },
      'at-shell': { type: 'boolean', default: false },
      'nrf-cloud-cred': { type: 'boolean', default: false },
      'small-buffers': { type: 'boolean', default: false },
      'no-reset-on-open': { type: 'boolean', default: false },
    },
  });
  const profile = PROFILES.find((name) => name === values.profile);
  if (profile === undefined) throw new Error(`The profiles are ${PROFILES.join(', ')}.\n\n${USAGE}`);
  if (values.udid !== undefined && !/^[a-z0-9-]{1,63}$/.test(values.udid))
    throw new Error('--udid takes [a-z0-9-]{1,63}.');
  const key = keyOf(values.key, values['nrf-cloud-cred'] ? 'nordic-modem' : profile);
  const misbehaviour = values.misbehave === undefined ? undefined : misbehaviourOf(values.misbehave);
  const digestMismatch = profile === 'nordic-modem' && values.misbehave === 'digest-mismatch';
  if (values.misbehave !== undefined && misbehaviour === undefined && !digestMismatch)
    throw new Error(`No such misbehaviour.\n\n${USAGE}`);
  return {
    profile,
    key,
    udid: values.udid,
    pty: values.pty,
    tcp: portOf('--tcp', values.tcp),
    http: portOf('--http', values.http),
    stateDir: values.state,
    labelFile: values.label,
    misbehaviour,
    firmware: {
      ...(profile === 'smp-files' ? FILES_FIRMWARE : {}),
      ...(values['nrf-cloud-cred'] ? { nrfCloudCred: true, printsAtBoot: false } : {}),
      ...(values.keyless ? { keyless: true } : {}),
      ...(values['small-buffers'] ? SMALL_BUFFERS : {}),
    },
    esp: securityOf(values.security),
    nordic: { shell: values['at-shell'] },
    digestMismatch,
    resetOnOpen: !values['no-reset-on-open'],
  };
}

function keyOf(text: string, profile: Profile): KeyType {
  const allowed = KEYS[profile];
  const key = KEY_TYPES.find((one) => one === text);
  if (key !== undefined && (allowed.includes(key) || allowed.length === 0)) return key;
  throw new Error(`This firmware’s keys are ${allowed.join(', ')}.\n\n${USAGE}`);
}

/** `--pty` may stand alone: parseArgs knows no optional values, so the path it leaves out is put in. */
function withPtyPath(args: readonly string[]): string[] {
  return args.flatMap((word, i) => {
    const next = args[i + 1];
    return word === '--pty' && (next === undefined || next.startsWith('--'))
      ? ['--pty', join(tmpdir(), 'fieldbind-device.tty')]
      : [word];
  });
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${option} takes a port number; 0 picks a free one.`);
  return port;
}

function securityOf(text: string | undefined): Partial<EspFirmware> {
  switch (text) {
    case undefined:
      return {};
    case '0':
      return { security: 0 };
    case '1':
      return { security: 1 };
    case '2':
      return { security: 2 };
    default:
      throw new Error('--security takes 0, 1 or 2.');
  }
}
