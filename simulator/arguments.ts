import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EspFirmware } from './profiles/esp/firmware.ts';
import { type Firmware, type Misbehaviour, misbehaviourOf, SMALL_BUFFERS } from './profiles/firmware.ts';
import type { NordicFirmware } from './profiles/nordic/firmware.ts';

const PROFILES = ['zephyr-cred', 'esp-claim', 'nordic-modem', 'arduino', 'improv'] as const;

export interface DeviceArguments {
  readonly profile: (typeof PROFILES)[number];
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
  [--nrf-cloud-cred] [--small-buffers] [--no-reset-on-open]
npm run device -- --profile esp-claim [--http PORT] [--security 0|1|2] [--udid U] [--state DIR] [--label FILE.png]
  [--misbehave KIND]
npm run device -- --profile nordic-modem|arduino|improv [--pty [PATH]] [--tcp PORT] [--udid U] [--state DIR]
  [--label FILE.png] [--misbehave KIND|digest-mismatch] [--at-shell]

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
  const misbehaviour = values.misbehave === undefined ? undefined : misbehaviourOf(values.misbehave);
  const digestMismatch = profile === 'nordic-modem' && values.misbehave === 'digest-mismatch';
  if (values.misbehave !== undefined && misbehaviour === undefined && !digestMismatch)
    throw new Error(`No such misbehaviour.\n\n${USAGE}`);
  return {
    profile,
    udid: values.udid,
    pty: values.pty,
    tcp: portOf('--tcp', values.tcp),
    http: portOf('--http', values.http),
    stateDir: values.state,
    labelFile: values.label,
    misbehaviour,
    firmware: {
      ...(values['nrf-cloud-cred'] ? { nrfCloudCred: true, printsAtBoot: false } : {}),
      ...(values['small-buffers'] ? SMALL_BUFFERS : {}),
    },
    esp: securityOf(values.security),
    nordic: { shell: values['at-shell'] },
    digestMismatch,
    resetOnOpen: !values['no-reset-on-open'],
  };
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
