import type { DeviceNeed, DeviceStanding } from '../../ports/devices.ts';
import { count } from './en.ts';

/** What stands on the rows of devices; it comes with the first screen. */
export const devicesWords = {
  /** What is next, and whose turn it is. */
  needs: {
    rejected: 'The backend cannot take it',
    refused: 'Refused: look at it',
    conflict: 'Two places: say which is right',
    write: 'Write its certificate',
    renew: 'Renew it',
    held: 'Waits for the office',
    claimed: 'Waits for its owner',
    send: 'Not decided yet',
    none: '',
    ended: 'Ended',
  } satisfies Record<DeviceNeed, string>,
  /** How it stands, wherever that is said. */
  standings: {
    saved: 'Saved on this phone',
    undecided: 'Sent, not decided yet',
    held: 'Waits for the office',
    claimed: 'Waits for its owner',
    refused: 'Refused',
    issuing: 'Bound, its certificate is being made',
    issued: 'Bound',
    installed: 'Certificate on device',
    shown: 'In use',
    ended: 'Ended',
  } satisfies Record<DeviceStanding, string>,
  suspended: {
    lost: 'Reported lost',
    maintenance: 'In maintenance',
    put_back: 'On hold until somebody looks',
  },
  undoing: 'Undo is asked for',
  correcting: 'Its corrected place is not decided yet',
  alike: (n: number) => `${n} devices have this name`,
  practice: 'Practice',
  noPlace: 'No site',
  needsMe: (n: number) => (n === 1 ? '1 device needs you' : `${n} devices need you`),
  waitsForOthers: (n: number) => `${count(n, 'device waits', 'devices wait')} for others`,
  stuck: 'The name of a site was not taken',
  stuckNext: 'See why, and say which name is right',
  all: (n: number) => `All ${n}`,
  places: 'Places',
  allPlaces: 'All places',
  ofSite: (devices: number, needMe: number) =>
    needMe === 0
      ? count(devices, 'device', 'devices')
      : `${count(devices, 'device', 'devices')}, ${needMe === 1 ? '1 needs' : `${needMe} need`} you`,
  others: (name: string, n: number) =>
    name === ''
      ? `${count(n, 'record', 'records')} of somebody else wait. They are sent when you are online.`
      : `${count(n, 'record', 'records')} of ${name}’s wait. They are sent when you are online.`,
  none: 'No devices yet. Bind the first one, or practise below.',
} as const;
