import type { Void } from '../../contract/void.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { DeviceAtPlace, DeviceStanding } from '../ports/devices.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import { type CapturePorts, captureRecord } from './capture-record.ts';

/** A registration that bound nothing stands on top: by another one the device may stand all the while, which stays. */
const BINDS_NOTHING: ReadonlySet<DeviceStanding> = new Set([
  'saved',
  'undecided',
  'held',
  'claimed',
  'refused',
]);

/**
 * Takes a device's registration back, one's own or, at the desk, a colleague's. Undefined where nothing says which it is; the RA
 * decides whether it still can be.
 */
export async function voidDevice(
  ports: CapturePorts,
  device: Pick<
    DeviceAtPlace,
    | 'org'
    | 'udid'
    | 'domain'
    | 'standing'
    | 'registration'
    | 'record'
    | 'simulated'
    | 'siteTitle'
    | 'position'
  >,
  because: string | undefined,
  app: string,
): Promise<QueuedRecord | undefined> {
  const { org, udid, domain, standing, registration, record, simulated, siteTitle, position } = device;
  const id = BINDS_NOTHING.has(standing) ? record : (registration ?? record);
  if (id === undefined) return undefined;
  const title = [siteTitle, position].filter((part) => part !== undefined).join(', ');
  return voidRecord(ports, { id, org, udid, domain, title, simulated }, 'undone', app, because);
}

/** Takes a registration back by a signed record of its own: what was signed is never erased. */
export function voidRecord(
  ports: CapturePorts,
  {
    id,
    org,
    udid,
    domain,
    title,
    simulated,
  }: Pick<QueuedRecord, 'id' | 'org' | 'udid' | 'domain' | 'title' | 'simulated'>,
  reason: Void['reason'],
  app: string,
  because?: string,
): Promise<QueuedRecord> {
  const now = ports.clock.now();
  const own = uuid7(now, ports.crypto);
  const payload: Void = {
    id: own,
    app,
    capturedAt: toInstant(now),
    of: id,
    udid,
    reason,
    ...(because === undefined || because.trim() === '' ? {} : { because: because.trim().slice(0, 300) }),
  };
  return captureRecord(
    ports,
    'void+jws',
    { id: own, org, udid, domain, title, about: id, simulated },
    payload,
  );
}
