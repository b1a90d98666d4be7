import type { Amendment } from '../../contract/amendment.ts';
import { toInstant } from '../../core/instant.ts';
import { placeDigest, tidy } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { DeviceAtPlace } from '../ports/devices.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import { type CapturePorts, captureRecord } from './capture-record.ts';

/** Site and position that a device is to have. Absent: none. */
export interface NewPlace {
  readonly site?: string;
  readonly siteTitle?: string;
  readonly position?: string;
}

/**
 * Corrects where a device stands within its domain, by a signed record that names the place it corrects. Rejects as
 * {@link captureRecord} does; undefined where nothing says by which record the device stands there.
 */
export async function amendPlace(
  ports: CapturePorts,
  device: Pick<
    DeviceAtPlace,
    | 'org'
    | 'udid'
    | 'maker'
    | 'domain'
    | 'place'
    | 'registration'
    | 'record'
    | 'simulated'
    | 'names'
    | 'model'
  >,
  wanted: NewPlace,
  app: string,
  because?: string,
): Promise<QueuedRecord | undefined> {
  const { org, udid, maker, domain, simulated, names, model } = device;
  const registration = device.registration ?? device.record;
  if (registration === undefined || device.place === '') return undefined;
  const now = ports.clock.now();
  const id = uuid7(now, ports.crypto);
  const position = tidy(wanted.position ?? '').slice(0, 200);
  const { site, siteTitle } = wanted;
  const place = {
    ...(site === undefined ? {} : { site }),
    ...(position === '' ? {} : { position }),
  };
  const payload: Amendment = {
    id,
    app,
    capturedAt: toInstant(now),
    registration,
    ...(maker === undefined ? {} : { maker }),
    udid,
    domain,
    base: device.place,
    place,
    ...(because === undefined || because.trim() === '' ? {} : { because: because.trim().slice(0, 300) }),
  };
  const digest = await placeDigest({ domain, ...place }, ports.crypto);
  const title = [siteTitle ?? site, position].filter((part) => part !== undefined && part !== '').join(', ');
  return captureRecord(
    ports,
    'amendment+jws',
    {
      ...{ id, org, udid, domain, title, about: registration, simulated, names },
      place: { ...place, ...(siteTitle === undefined ? {} : { siteTitle }), digest },
      ...(maker === undefined ? {} : { maker }),
      ...(model === undefined ? {} : { model }),
    },
    payload,
  );
}
