import { parse } from '../../../contract/parse.ts';
import { NewRegistration } from '../../../contract/registration.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { factsOf } from '../../../core/record-facts.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import type { InstallEffect, InstallEvent, KnownLabel } from '../../flow/install.ts';
import type { DevicesView } from '../../ports/devices.ts';
import type { OutboxView } from '../../ports/outbox.ts';
import type { StoredPack } from '../../ports/work.ts';
import { type CapturePorts, captureRecord } from '../capture-record.ts';
import type { DeviceWork } from '../device-work.ts';
import { codeOf } from '../trouble.ts';
import { checkDevice } from './check-device.ts';
import { identifyLabel, lookUpLabel } from './look-up-label.ts';
import { registrationOf } from './registration.ts';
import { newChallenge, visitName, visitOf } from './visit.ts';

export interface InstallPorts extends CapturePorts {
  readonly outbox: OutboxView;
  readonly crypto: CryptoPort;
  readonly device: DeviceWork;
  readonly devices: Pick<DevicesView, 'known'>;
  /** The newest packs of the organisations that this registration may be for: they may be refreshed while the flow is open. */
  readonly packs: () => readonly StoredPack[];
  readonly app: string;
  /** Called when a record was saved, so that a drain can start. */
  readonly onSaved: () => void;
}

/** Performs what the install flow asked for. Every effect answers with exactly one event; none rejects. */
export function performInstall(
  ports: InstallPorts,
  effect: InstallEffect,
  send: (event: InstallEvent) => void,
): void {
  run(ports, effect).then(
    (event) => event !== undefined && send(event),
    (error: unknown) => send({ on: 'failed', trouble: { code: codeOf(error) } }),
  );
}

async function run(ports: InstallPorts, effect: InstallEffect): Promise<InstallEvent | undefined> {
  switch (effect.do) {
    case 'look_up': {
      const found = await lookUpLabel({ ...ports, packs: ports.packs() }, effect.text, effect.how);
      if (!found.ok) return { on: 'failed', trouble: found.trouble };
      ports.device.keepSecret(visitName(found.label), found.secret);
      return { on: 'label_read', label: found.label };
    }
    case 'connect': {
      const { label, link, another, newKey, secTag } = effect;
      const challenge = newChallenge(ports, packOf(ports, label.org).digest);
      const visit = await visitOf(ports, { challenge, udid: label.udid, secretOf: visitName(label) });
      const { traits } = await ports.device.open(link, {
        ...(another ? { pick: 'ask' } : {}),
        visit: {
          ...visit,
          ...(newKey ? { replaceOrphanKey: true } : {}),
          ...(secTag === undefined ? {} : { secTag }),
        },
      });
      return { on: 'connected', traits, challenge };
    }
    case 'read_device':
      return {
        on: 'device_read',
        reading: { ...(await ports.device.read(effect.label)), challenge: effect.challenge },
      };
    case 'check': {
      const { reading } = effect;
      const pack = packOf(ports, effect.org ?? effect.label.org);
      const { org, training } = pack.pack;
      const label = await identifyLabel({ ...ports, pack }, effect.label, reading.identity);
      if (label === undefined) return { on: 'failed', trouble: { code: 'label_not_tied' } };
      if (isAnother(label)) return { on: 'failed', trouble: { code: 'another_device' } };
      ports.device.renameSecret(visitName(effect.label), label.udid);
      const checks = await checkDevice(pack, label, reading, ports.crypto);
      return { on: 'checked', org, training, label: { ...label, org }, checks, pack: pack.digest };
    }
    case 'save': {
      const { checked, place } = effect;
      const at = ports.clock.now();
      // The device signed for this id. If it is in the outbox already, a crash came between saving and the draft's end.
      const id = checked.reading.challenge?.record ?? uuid7(at, ports.crypto);
      if ((await ports.outbox.record(id)) !== undefined) return { on: 'saved', record: id };
      const gathered = registrationOf({ id, at, app: ports.app }, effect);
      const payload = parse(NewRegistration, gathered);
      // A signed record that the backend can only reject would stay on this phone for ever.
      if (payload === undefined) return { on: 'failed', trouble: { code: 'unexpected' } };
      const title = [place.siteTitle, place.position]
        .filter((part) => part !== undefined && part !== '')
        .join(', ');
      const { udid } = checked.label;
      const simulated = checked.reading.link === 'simulated';
      const subject = {
        id,
        org: place.org,
        udid,
        domain: place.domain,
        title,
        about: null,
        simulated,
        ...(await factsOf(payload, ports.crypto, place.siteTitle)),
        ...(checked.reading.traits.installs ? {} : { takesCertificate: false }),
        ...(payload.place.photos.length === 0
          ? {}
          : { photos: payload.place.photos.map(({ digest }) => digest) }),
      };
      await captureRecord(ports, 'registration+jws', subject, payload);
      ports.device.keepOpenFor(id);
      ports.onSaved();
      return { on: 'saved', record: id };
    }
    case 'stop_device_work':
      await ports.device.stop();
      return undefined;
  }
}

/** The pack of this organisation, or the person's first one. */
function packOf({ packs }: Pick<InstallPorts, 'packs'>, org: string | undefined): StoredPack {
  const all = packs();
  const found = all.find(({ pack }) => pack.org === org) ?? all[0];
  if (found === undefined) throw Object.assign(new Error('no pack'), { code: 'no_work_pack' });
  return found;
}

/** A label without a name was read for a certain device, and the device turned out to be another one. */
function isAnother({ udid, wish }: KnownLabel): boolean {
  if (wish === undefined) return false;
  return wish.act === 'replace' ? udid === wish.device.udid : udid !== wish.device.udid;
}
