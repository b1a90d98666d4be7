import type { PhotoErrorCode } from '../../effects/photos/take-photo.ts';
import { count } from './en.ts';
import { say, type TroubleWords } from './trouble.ts';

const percent = (share: number) => `${Math.floor(share * 100)}\u00a0%`;

/** The catalogue of photos; it comes with the screens that show them. */
export const photoWords = {
  title: 'Photos (optional)',
  note: 'Codes on a picture are blanked. Photos are sent after all records.',
  add: 'Add a photo',
  working: 'Preparing the photo…',
  saveWaits: 'Save waits until the photos are ready.',
  remove: (n: number) => `Remove photo ${n}`,
  alt: (n: number) => `Photo ${n} of this device`,
  of: 'Photos',
  waiting: (n: number, share: number) =>
    `${count(n, 'photo waits', 'photos wait')} to be sent, ${percent(share)} done`,
  states: {
    here: (share: number) => (share === 0 ? 'On this phone, not sent yet' : `${percent(share)} sent`),
    kept: 'With the backend',
    given_up: 'Given up: this phone was full, and the record went first',
    broken: 'Damaged on this phone',
    missing: 'Not on this phone',
  },
  desk: {
    show: 'Show photos',
    none: 'No photos',
    coming: 'Not arrived yet',
    changed: 'Not the picture that was signed for',
  },
  notInCopy: (n: number) =>
    `${count(n, 'photo is', 'photos are')} not in the file and ${n === 1 ? 'stays' : 'stay'} on this phone.`,
} as const;

/** Undefined for what is not of photos alone. */
export function photoTrouble(code: string): TroubleWords | undefined {
  return code in TROUBLE ? TROUBLE[code as PhotoErrorCode] : undefined;
}

const TROUBLE: Record<PhotoErrorCode, TroubleWords> = {
  picture_unreadable: say('This file is no picture that can be read here.', 'Take the photo again.'),
  picture_shows_code: say('A code on this picture could not be blanked.', 'Take it so that no code is seen.'),
};
