import type { NextAct } from '../../flow/known-device.ts';
import { PRACTICE_FAULTS } from '../../ports/practice.ts';

/** The catalogue of a device that is known already, of drafts, and of what was saved. */
export const bindWords = {
  resume: {
    title: 'Not finished',
    goOn: 'Go on with it',
    throwAway: 'Throw away',
    others: (n: number) => (n === 1 ? 'One more' : `${n} more`),
  },

  head: { label: 'Label' },

  known: {
    title: 'This device is known',
    at: 'Stands at',
    by: (name: string) => `Decided by ${name}`,
    acts: {
      write: 'Write its certificate',
      renew: 'Renew it',
      look: 'Look at it',
      move: 'Move it here',
      replace: 'Replace it',
      again: 'Bind it again',
    } satisfies Record<NextAct, string>,
    renewNow: 'Its certificate is due for renewal.',
  },

  wish: {
    replace: (udid: string) => `Scan the device that takes the place of ${udid}.`,
    renew: (udid: string) => `To renew ${udid}: scan its label.`,
    move: (udid: string) => `To move ${udid}: scan its label.`,
    again: (udid: string) => `To bind ${udid} again: scan its label.`,
  },

  check: {
    passed: (n: number) => `${n} passed`,
    open: (n: number) => `${n} not checkable here`,
    scan: 'Scan another label',
    read: 'Read the device again',
    another: 'Next device',
    asFound: 'Submit as found',
    because: 'Why is it right all the same?',
    becauseHelp: 'Whoever decides reads this.',
    submit: 'Submit as found',
    not: 'Cancel',
    support: 'Call support, and say what stands under “For support”.',
  },

  saved: {
    renewed: 'Renewed',
    renewedNote: 'Its new certificate waits to be written into the device.',
    moved: 'Moved',
    movedNote: 'Its new certificate waits to be written. The old one ends when the device uses the new one.',
    waiting: 'Waiting for the decision…',
    next: 'Next device',
    undo: 'Undo',
    asked: 'Undo is asked for.',
    askedOffline: 'Undo is asked for. It goes by itself when there is signal.',
    undone: 'Undone',
    undoneNote: 'It is as if it had not been saved.',
  },

  support: {
    title: 'For support',
    code: 'Code',
    record: 'Record',
    device: 'Device',
    domain: 'Domain',
    copy: 'Copy',
    copied: 'Copied',
  },

  practice: {
    title: 'Practise what goes wrong',
    kinds: {
      good: ['Nothing goes wrong', 'The whole way to a certificate'],
      other: ['Another device is connected', 'It is found out before anything is done to it'],
      silent: ['The device says nothing', 'Power or cable: connect it once more'],
      unlisted: ['It is on no list', 'Submitted as found, it is held until somebody decides'],
      broken: ['Its request is broken', 'It would be refused, and nobody can decide otherwise'],
    } satisfies Record<PracticeKind, [string, string]>,
    another: 'Unpack another device',
    offline: 'Without signal nobody can put it on the list: its check will say so.',
  },
};

export const PRACTICE_KINDS = ['good', ...PRACTICE_FAULTS, 'unlisted'] as const;
export type PracticeKind = (typeof PRACTICE_KINDS)[number];
