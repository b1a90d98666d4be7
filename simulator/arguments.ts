import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Firmware, type Misbehaviour, misbehaviourOf, SMALL_BUFFERS } from './profiles/firmware.ts';

export interface DeviceArguments {
  readonly udid: string | undefined;
  readonly pty: string | undefined;
  readonly tcp: number | undefined;
  readonly stateDir: string | undefined;
  readonly labelFile: string | undefined;
  readonly misbehaviour: Misbehaviour | undefined;
  readonly firmware: Partial<Firmware>;
  readonly resetOnOpen: boolean;
}

export const USAGE = `npm run device -- --profile zephyr-cred [--pty [PATH]] [--tcp PORT] [--udid U] [--state DIR]
  [--label FILE.png] [--misbehave wrong-key|broken-signature|other-device|drop:BYTES|garbage|silent|corrupt-store]
  [--nrf-cloud-cred] [--small-buffers] [--no-reset-on-open]

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
      udid: { type: 'string' },
      state: { type: 'string' },
      label: { type: 'string' },
      misbehave: { type: 'string' },
      'nrf-cloud-cred': { type: 'boolean', default: false },
      'small-buffers': { type: 'boolean', default: false },
      'no-reset-on-open': { type: 'boolean', default: false },
    },
  });
  if (values.profile !== 'zephyr-cred')
    throw new Error(`There is one profile so far: zephyr-cred.\n\n${USAGE}`);
  if (values.udid !== undefined && !/^[a-z0-9-]{1,63}$/.test(values.udid))
    throw new Error('--udid takes [a-z0-9-]{1,63}.');
  const misbehaviour = values.misbehave === undefined ? undefined : misbehaviourOf(values.misbehave);
  if (values.misbehave !== undefined && misbehaviour === undefined)
    throw new Error(`No such misbehaviour.\n\n${USAGE}`);
  return {
    udid: values.udid,
    pty: values.pty,
    tcp: portOf(values.tcp),
    stateDir: values.state,
    labelFile: values.label,
    misbehaviour,
    firmware: {
      ...(values['nrf-cloud-cred'] ? { nrfCloudCred: true, printsAtBoot: false } : {}),
      ...(values['small-buffers'] ? SMALL_BUFFERS : {}),
    },
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

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('--tcp takes a port number; 0 picks a free one.');
  return port;
}
