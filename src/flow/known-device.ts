import type { DeviceAtPlace } from '../ports/devices.ts';

/** What the flow keeps of a device that is known already: plain data, and no certificate, since it goes into a draft. */
export type StandingDevice = Pick<
  DeviceAtPlace,
  | 'org'
  | 'udid'
  | 'maker'
  | 'model'
  | 'domain'
  | 'site'
  | 'siteTitle'
  | 'position'
  | 'place'
  | 'standing'
  | 'need'
  | 'code'
  | 'because'
  | 'decidedBy'
  | 'suspended'
  | 'takesCertificate'
  | 'simulated'
  | 'at'
>;

/** What a visit to a known device is for. `again`: registered once more as if it were new. `replace`: another one in its place. */
export const ACTS = ['renew', 'move', 'again', 'replace'] as const;
export type Act = (typeof ACTS)[number];

/** `device`: the one that stands there, which with `replace` is not the one that is scanned. */
export interface Wish {
  readonly act: Act;
  readonly device: StandingDevice;
}

/** `write` and `look` are screens of their own; the others go on in this flow. */
export type NextAct = Act | 'write' | 'look';

/** The one thing that a person most likely came for, and what else can be done, in the order of the screen. */
export function nextActs(device: Pick<StandingDevice, 'standing' | 'need' | 'maker' | 'suspended'>): {
  readonly first: NextAct;
  readonly others: readonly NextAct[];
} {
  const { standing, need, suspended } = device;
  // Its maker stands in the record that names it, so what is not known yet cannot be replaced.
  const replace: readonly NextAct[] = device.maker === undefined ? [] : ['replace'];
  // Whoever suspended it must look first: the RA holds whatever is said of it.
  if (suspended !== undefined) return { first: 'look', others: replace };
  switch (standing) {
    case 'ended':
    case 'refused':
      return {
        first: need === 'refused' ? 'look' : 'again',
        others: need === 'refused' ? ['again'] : ['look'],
      };
    case 'held':
    case 'claimed':
      return { first: 'look', others: ['again'] };
    case 'saved':
    case 'undecided':
    case 'issuing':
      return { first: 'look', others: ['move', 'again'] };
    case 'issued':
    case 'installed':
    case 'shown':
      if (need === 'write') return { first: 'write', others: ['look', 'move', ...replace, 'again'] };
      if (need === 'renew') return { first: 'renew', others: ['look', 'move', ...replace] };
      return { first: 'look', others: ['move', ...replace, 'again'] };
  }
}

/** Whether a binding of it lives or is on its way: then a record that puts it elsewhere says from where. */
export function stands({ standing }: Pick<StandingDevice, 'standing'>): boolean {
  switch (standing) {
    case 'saved':
    case 'undecided':
    case 'issuing':
    case 'issued':
    case 'installed':
    case 'shown':
      return true;
    case 'held':
    case 'claimed':
    case 'refused':
    case 'ended':
      return false;
  }
}

export function standingOf(device: DeviceAtPlace): StandingDevice {
  const { maker, model, site, siteTitle, position, suspended } = device;
  return {
    org: device.org,
    udid: device.udid,
    domain: device.domain,
    place: device.place,
    standing: device.standing,
    need: device.need,
    code: device.code,
    because: device.because,
    decidedBy: device.decidedBy,
    takesCertificate: device.takesCertificate,
    simulated: device.simulated,
    at: device.at,
    ...(maker === undefined ? {} : { maker }),
    ...(model === undefined ? {} : { model }),
    ...(site === undefined ? {} : { site }),
    ...(siteTitle === undefined ? {} : { siteTitle }),
    ...(position === undefined ? {} : { position }),
    ...(suspended === undefined ? {} : { suspended }),
  };
}
