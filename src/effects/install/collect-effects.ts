import type { IssuedCertificate } from '../../../contract/change.ts';
import type { Confirmation } from '../../../contract/confirmation.ts';
import { fromBase64Url } from '../../../core/bytes.ts';
import { keyOfCertificate } from '../../../core/certificate-key.ts';
import { toInstant } from '../../../core/instant.ts';
import { fromPem } from '../../../core/pem.ts';
import { bareForms } from '../../../core/udid.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import type { CollectEffect, CollectEvent } from '../../flow/collect.ts';
import type { CheckCertificate } from '../../ports/certificate-check.ts';
import type { CredentialBundle, LinkKind, WrittenPart } from '../../ports/device.ts';
import type { DeviceAtPlace, DevicesView } from '../../ports/devices.ts';
import type { StoredPack } from '../../ports/work.ts';
import { type CapturePorts, captureRecord } from '../capture-record.ts';
import type { DeviceWork } from '../device-work.ts';
import { codeOf } from '../trouble.ts';
import { newChallenge, visitOf } from './visit.ts';

export interface CollectPorts extends CapturePorts {
  readonly device: DeviceWork;
  readonly checkCertificate: () => Promise<CheckCertificate>;
  /** The device whose certificate waits, as it was when the screen was opened, and the pack of its organisation. */
  readonly waiting: WaitingDevice;
  readonly devices: Pick<DevicesView, 'device'>;
  readonly pack: StoredPack;
  readonly app: string;
  readonly onSaved: () => void;
}

/** Captured here or by a colleague: its certificate is all that it takes. */
export type WaitingDevice = DeviceAtPlace & {
  readonly registration: string;
  readonly certificate: IssuedCertificate;
};

export function isWaiting(device: DeviceAtPlace | undefined): device is WaitingDevice {
  return device?.registration !== undefined && device.certificate !== undefined;
}

/** Under which names a device may still be connected since its registration. */
export function connectedLinkOf(
  device: Pick<DeviceWork, 'connectedLink'>,
  { registration, record }: WaitingDevice,
): LinkKind | undefined {
  return (
    device.connectedLink(registration) ?? (record === undefined ? undefined : device.connectedLink(record))
  );
}

/** Performs what the collect flow asked for. None rejects; each answers with an event. */
export function performCollect(
  ports: CollectPorts,
  effect: CollectEffect,
  send: (event: CollectEvent) => void,
): void {
  run(ports, effect, send).then(
    (event) => event !== undefined && send(event),
    (error: unknown) => send({ on: 'failed', trouble: { code: codeOf(error) } }),
  );
}

async function run(
  ports: CollectPorts,
  effect: CollectEffect,
  send: (event: CollectEvent) => void,
): Promise<CollectEvent | undefined> {
  switch (effect.do) {
    case 'connect':
      // Right after a registration the device is still connected and read: no second chooser, no second reset.
      if (connectedLinkOf(ports.device, ports.waiting) !== effect.link) await connect(ports, effect);
      return { on: 'connected' };
    case 'check_certificate':
      return approve(ports);
    case 'write': {
      const written = await ports.device.write(effect.bundle, (part) => send({ on: 'part_written', part }));
      return { on: 'written', written };
    }
    case 'confirm':
      await confirm(ports, effect.written);
      ports.onSaved();
      return { on: 'confirmed' };
    case 'stop_device_work':
      await ports.device.stop();
      return undefined;
  }
}

async function approve({
  device,
  waiting,
  devices,
  pack,
  clock,
  checkCertificate,
}: CollectPorts): Promise<CollectEvent> {
  const { org, certificate, udid, domain } = waiting;
  const now = await devices.device(org, udid);
  // Written by somebody else since the screen was opened, or decided otherwise, revoked perhaps: then nothing is written any more.
  if (now?.certificate?.fingerprint !== certificate.fingerprint) {
    const isWritten = now?.standing === 'installed' || now?.standing === 'shown';
    return { on: 'failed', trouble: { code: isWritten ? 'certificate_written' : 'certificate_revoked' } };
  }
  const place = pack.pack.domains.find((candidate) => candidate.name === domain);
  if (place === undefined) return { on: 'failed', trouble: { code: 'domain_not_in_pack' } };
  const deviceKey = keyOf(certificate.leafPem);
  if (deviceKey === undefined) return { on: 'failed', trouble: { code: 'certificate_malformed' } };
  if (!(await isTheDevice(device, deviceKey, udid)))
    return { on: 'failed', trouble: { code: 'certificate_key_mismatch' } };
  const check = await checkCertificate();
  const fault = await check(certificate, {
    udid,
    domain,
    deviceKey,
    bundlePem: pack.pack.bundlePem,
    crl: fromBase64Url(pack.pack.crl) ?? new Uint8Array(0),
    now: clock.now(),
  });
  if (fault !== null) return { on: 'failed', trouble: { code: fault } };
  const bundle: CredentialBundle = {
    leafPem: certificate.leafPem,
    chainPem: certificate.chainPem,
    anchorPem: place.anchorPem,
  };
  return { on: 'approved', bundle };
}

async function connect(
  ports: CollectPorts,
  { link, secTag }: Extract<CollectEffect, { do: 'connect' }>,
): Promise<void> {
  const { udid } = ports.waiting;
  const challenge = newChallenge(ports, ports.pack.digest);
  const visit = await visitOf(ports, { challenge, udid, secretOf: udid });
  await ports.device.open(link, { visit: secTag === undefined ? visit : { ...visit, secTag } });
}

/** Whether it holds the certificate's key; firmware that shows its key only once must at least say that it is this device. */
async function isTheDevice(device: DeviceWork, key: Uint8Array, udid: string): Promise<boolean> {
  const holds = await device.holdsKey(key);
  if (holds !== undefined) return holds;
  const known = [udid, ...bareForms(udid)];
  return (await device.names()).some((name) => known.includes(name));
}

/** The key that a certificate is for. */
function keyOf(leafPem: string): Uint8Array | undefined {
  try {
    const [der] = fromPem('CERTIFICATE', leafPem);
    return der && keyOfCertificate(der);
  } catch {
    return undefined;
  }
}

async function confirm(ports: CollectPorts, written: readonly WrittenPart[]): Promise<void> {
  const { waiting, clock, crypto } = ports;
  const { org, udid, domain, maker, siteTitle, position, certificate, registration, names } = waiting;
  const at = clock.now();
  const id = uuid7(at, crypto);
  const link: LinkKind = ports.device.link;
  const payload: Confirmation = {
    id,
    app: ports.app,
    capturedAt: toInstant(at),
    registration,
    ...(maker === undefined ? {} : { maker }),
    udid,
    domain,
    certificate: certificate.fingerprint,
    link,
    written: written.map((part) => ({ parts: [...part.parts], digest: part.digest })),
  };
  const title = [siteTitle, position].filter((part) => part !== undefined).join(', ');
  const subject = {
    ...{ id, org, udid, domain, title, about: registration, simulated: link === 'simulated' },
    ...{ wrote: certificate.fingerprint, names },
  };
  await captureRecord(ports, 'confirmation+jws', subject, payload);
}
