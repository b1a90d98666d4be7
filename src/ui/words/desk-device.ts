import { say, type TroubleWords } from './trouble.ts';

/** What stands on the screen of one bound device, at the desk. */
export const deskDeviceWords = {
  find: 'Find a device',
  findHelp: 'Name, domain, site or position',
  found: (shown: number, of: number, isMore: boolean) =>
    isMore ? `${shown} shown, of more than ${of - 1} devices` : `${shown} of ${of} devices`,
  older: 'Older ones are found by name, domain or site, from three letters on.',
  olderFailed: 'Older ones could not be looked for. Change the text to try again.',
  open: 'Open',
  title: 'Device',
  gone: 'This device is not bound in your organisation.',
  ended: 'It is bound no more. Its history stays on the audit trail.',
  position: 'Position',
  bound: 'Bound',
  ends: 'Certificate ends',
  replaces: 'In the place of',
  suspendedBy: (by: string, when: string) => `By ${by}, ${when}`,
  what: 'What is to be done?',
  because: 'Reason',
  becauseHelp: 'It goes on the audit trail with your name.',
  done: {
    suspend: 'Suspended. Its certificate is on hold.',
    resume: 'Resumed. Its certificate is good again.',
    replace: 'Replaced. The new device has its place.',
    retire: 'Retired. Its certificate is revoked.',
    revoke: 'Revoked. It stays out until a named person lets it back in.',
  },
  acts: {
    suspend: {
      name: 'Suspend',
      about: 'Its certificate goes on hold at once. It can be resumed.',
      do: 'Suspend it',
    },
    resume: {
      name: 'Resume',
      about: 'Takes its certificate off hold.',
      do: 'Resume it',
    },
    replace: {
      name: 'Replace',
      about:
        'Another device takes its site and position. Bind that one first. This one’s certificate is revoked.',
      do: 'Replace it',
    },
    retire: {
      name: 'Retire',
      about: 'Its certificate is revoked and its binding ends. It may be bound again later.',
      do: 'Retire it',
    },
    revoke: {
      name: 'Revoke',
      about: 'For a stolen device, or one whose key is in other hands. This cannot be undone here.',
      do: 'Revoke it for good',
    },
  },
  reasons: {
    lost: ['Lost', 'Somebody else than you must say that it was found'],
    maintenance: ['Maintenance', 'Anybody at the desk may resume it'],
    stolen: ['Stolen', 'It is not where it should be'],
    compromised: ['Compromised', 'Somebody may have its key'],
  },
  lostByYou: 'You reported it lost. Somebody else must say that it was found.',
  with: 'The new device',
  withNone: 'No other device is bound in this domain. Bind the new one first.',
  warning:
    'Its certificate and its binding end at once. The device and its key are refused everywhere, by every organisation here, until a named person lifts that.',
  sure: (ending: string) => `To be sure, type the last four characters of its name: ${ending}`,
  cancel: 'Not now',
} as const;

/** A refusal of one of these acts; `detail` is the backend's own sentence. */
export function deskDeviceTrouble(code: string, detail: string | undefined): TroubleWords | undefined {
  switch (code) {
    case 'conflict':
      return say(`${detail ?? 'It is otherwise by now'}.`, 'Look at the device as it is now.');
    case 'forbidden':
      return say(
        'You may not do this here.',
        'A lost device is resumed by somebody else than who reported it. Everything else is for the desk.',
      );
    case 'not_found':
      return say(deskDeviceWords.gone, 'Somebody may have ended its binding. Go back to the list.');
    default:
      return undefined;
  }
}
