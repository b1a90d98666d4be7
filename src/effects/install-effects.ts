import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { InstallEffect, InstallEvent } from '../flow/install.ts';
import type { OutboxView } from '../ports/outbox.ts';
import type { HeldPack } from '../ports/work.ts';
import { type CapturePorts, captureRecord } from './capture-record.ts';
import { checkDevice } from './check-device.ts';
import type { DeviceWork } from './device-work.ts';
import { lookUpLabel } from './look-up-label.ts';
import { registrationOf } from './registration.ts';
import { codeOf } from './trouble.ts';

export interface InstallPorts extends CapturePorts {
  readonly outbox: OutboxView;
  readonly crypto: CryptoPort;
  readonly device: DeviceWork;
  /** The newest pack of the organisation this registration is for: it may be refreshed while the flow is open. */
  readonly pack: () => HeldPack;
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
      const found = await lookUpLabel({ ...ports, pack: ports.pack() }, effect.text, effect.how);
      return found.ok ? { on: 'label_read', label: found.label } : { on: 'failed', trouble: found.trouble };
    }
    case 'connect':
      return {
        on: 'connected',
        traits: (await ports.device.open(effect.link, effect.another ? 'ask' : undefined)).traits,
      };
    case 'read_device':
      return { on: 'device_read', reading: await ports.device.read() };
    case 'check': {
      const pack = ports.pack();
      const checks = await checkDevice(pack, effect.label, effect.reading, ports.crypto);
      return { on: 'checked', checks, pack: pack.digest };
    }
    case 'save': {
      const { checked, place, asFound } = effect;
      const at = ports.clock.now();
      const id = uuid7(at, ports.crypto);
      const { pack } = ports.pack();
      const gathered = registrationOf({ id, at, app: ports.app }, checked, place, asFound);
      const payload = parse(Registration, gathered);
      // A signed record that the backend can only reject would stay on this phone for ever.
      if (payload === undefined) return { on: 'failed', trouble: { code: 'unexpected' } };
      const title = [place.siteTitle, place.position]
        .filter((part) => part !== undefined && part !== '')
        .join(', ');
      const { udid } = checked.label;
      const simulated = checked.reading.link === 'simulated';
      const subject = { id, org: pack.org, udid, domain: place.domain, title, about: null, simulated };
      await captureRecord(ports, 'registration+jws', subject, payload);
      ports.device.holdFor(id);
      ports.onSaved();
      return { on: 'saved', record: id };
    }
    case 'stop_device_work':
      await ports.device.stop();
      return undefined;
  }
}
