import { ListRow } from '../../contract/list-row.ts';
import { parse } from '../../contract/parse.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { checkEvidence } from '../../core/evidence.ts';
import { evidenceOf } from '../../core/evidence-of-device.ts';
import { normaliseTyped } from '../../core/label/normalise-typed.ts';
import { parseLabel } from '../../core/label/parse-label.ts';
import { isUdid, udidFromSerial } from '../../core/udid.ts';
import type { BenchEffect, BenchEvent, BenchRow } from '../flow/bench-list.ts';
import type { DeviceReading } from '../flow/install.ts';
import type { DeviceAttestation, DriverTraits, LinkKind } from '../ports/device.ts';
import type { DeviceWork } from './device-work.ts';
import { codeOf } from './trouble.ts';

export interface BenchPorts {
  readonly device: DeviceWork;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  /** Whose devices these are, and of what model, as the person set it. */
  readonly about: () => { readonly maker: string; readonly model: string };
  readonly keep: (rows: readonly BenchRow[]) => Promise<void>;
}

/** Performs what the bench list asked for. None rejects. */
export function performBenchList(
  ports: BenchPorts,
  effect: BenchEffect,
  send: (event: BenchEvent) => void,
): void {
  run(ports, effect).then(
    (event) => event !== undefined && send(event),
    (error: unknown) => send({ on: 'failed', trouble: { code: codeOf(error) } }),
  );
}

async function run(ports: BenchPorts, effect: BenchEffect): Promise<BenchEvent | undefined> {
  switch (effect.do) {
    case 'connect':
      return { on: 'connected', traits: await connect(ports, effect.link) };
    case 'read_device':
      return readDevice(ports, effect.label);
    case 'keep':
      await ports.keep(effect.rows);
      return undefined;
    case 'stop_device_work':
      await ports.device.stop();
      return undefined;
  }
}

/** Whose secret a bench keeps: the label's that was given last. */
export const AT_BENCH = 'bench';

async function connect({ device }: BenchPorts, link: LinkKind): Promise<DriverTraits> {
  const secret = device.secretFor(AT_BENCH);
  return (await device.open(link, { visit: secret === undefined ? {} : { secret } })).traits;
}

async function readDevice(ports: BenchPorts, label: string | undefined): Promise<BenchEvent> {
  // Firmware that shows its key only at key generation generates it in the field; the row then names a voucher for
  // it.
  const vouched = await ports.device.attest();
  const reading = vouched === undefined ? await ports.device.read() : undefined;
  const code = reading && (await faultIn(reading, ports.crypto));
  if (code !== undefined) return { on: 'failed', trouble: { code } };
  const identity = (vouched ?? reading)?.identity.aliases ?? [];
  const { maker, model } = ports.about();
  const named = await nameOf(identity, label, maker, ports.crypto);
  if (named === undefined) return { on: 'nameless' };
  if ('code' in named) return { on: 'failed', trouble: named };
  const row = parse(ListRow, {
    maker,
    udid: named.udid,
    aliases: [...new Set([...named.aliases, ...identity])]
      .filter((alias) => alias !== named.udid && alias.length <= 128)
      .slice(0, 16),
    ...(reading === undefined
      ? { anchor: 'voucher' }
      : { anchor: 'key', publicKey: toBase64Url(reading.evidence.publicKey) }),
    ...(model === '' ? {} : { model }),
  });
  if (row === undefined) return { on: 'failed', trouble: { code: 'bench_maker' } };
  const attestation = attestationOf(identity, vouched?.attestations ?? reading?.evidence.attestations ?? []);
  const made: BenchRow = {
    row,
    readAt: ports.clock.now(),
    ...(attestation === undefined ? {} : { attestation }),
  };
  return { on: 'device_read', row: made };
}

/** A row is only as good as what it was read from: a broken request or a weak key makes none. */
async function faultIn(
  { evidence, traits, identity }: Omit<DeviceReading, 'challenge'>,
  crypto: CryptoPort,
): Promise<string | undefined> {
  const checks = await checkEvidence(
    evidenceOf(
      // No work pack is at hand at a bench, so nothing was signed over a challenge that it could be judged by.
      { ...evidence, possession: 'static', proof: undefined, aliases: identity.aliases },
      {
        udid: '',
        aliases: [],
        names: [],
        labelKey: undefined,
        challenge: undefined,
        // Whether the subject names the device cannot be checked before the bench knows its name.
        subjectSaysNothing: traits.evidence === 'key-and-csr',
        list: { kind: 'unavailable' },
        tombstoned: false,
      },
    ),
    crypto,
  );
  return checks.flatMap((check) => (check.result === 'failed' ? [check.code] : []))[0];
}

type DeviceNames = { readonly udid: string; readonly aliases: readonly string[] };

async function nameOf(
  stated: readonly string[],
  label: string | undefined,
  maker: string,
  crypto: CryptoPort,
): Promise<DeviceNames | { readonly code: string } | undefined> {
  if (label !== undefined) return nameOnLabel(label, maker, crypto);
  const own = stated.find((name) => isUdid(name));
  return own === undefined ? undefined : { udid: own, aliases: [] };
}

/** What a person scanned or typed: an identity in a known form, or else a serial of this maker. */
async function nameOnLabel(
  text: string,
  maker: string,
  crypto: CryptoPort,
): Promise<DeviceNames | { readonly code: string }> {
  const parsed = parseLabel(normaliseTyped(text));
  if (!parsed.ok && parsed.code !== 'udid_no_scheme') return { code: parsed.code };
  const label = parsed.ok ? parsed.label : undefined;
  // `SN-4711` reads like a UDID of a maker called sn; at this bench it is a serial of the maker that was set.
  const ours = label?.kind !== 'udid' || label.udid?.startsWith(`${maker}-`) === true;
  if (label?.udid !== undefined && ours) return { udid: label.udid, aliases: label.aliases };
  const serial = label?.serial ?? { maker, serial: text.trim() };
  const made = await udidFromSerial(crypto, serial.maker, serial.serial);
  return made.ok ? { udid: made.udid, aliases: [serial.serial] } : { code: 'bench_maker' };
}

/** Nordic's file names a device by IMEI and UUID, with the token it gave. */
function attestationOf(
  names: readonly string[],
  attestations: readonly DeviceAttestation[],
): BenchRow['attestation'] {
  const token = attestations.find(({ kind }) => kind === 'nordic-attesttoken')?.text;
  const [imei, uuid] = ['imei-', 'uuid-'].map((scheme) =>
    names.find((name) => name.startsWith(scheme))?.slice(scheme.length),
  );
  return token === undefined || imei === undefined || uuid === undefined ? undefined : { imei, uuid, token };
}
