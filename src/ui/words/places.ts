import { number } from './en.ts';

/** The catalogue of the lists of places and devices. */
export const placesWords = {
  title: 'Places and devices',
  find: 'Find a device',
  findHelp: 'Serial, model, place, person',
  filters: 'What is shown',
  shows: {
    places: 'Places',
    mine: 'Needs you',
    others: 'Waits for others',
    renew: 'Due for renewal',
    open: 'Not decided',
    all: 'All devices',
  },
  none: {
    places: 'No places yet.',
    mine: 'Nothing needs you.',
    others: 'Nothing waits for others.',
    renew: 'Nothing is due for renewal.',
    open: 'Everything is sent and decided.',
    all: 'No devices yet.',
  },
  noneFound: 'Nothing is called so.',
  found: (shown: number, of: number) => `${number.format(shown)} of ${number.format(of)} shown`,
  more: 'Show more',
  rename: 'Rename this site',
  newName: 'New name',
  doRename: 'Rename it',
  cancel: 'Cancel',
  renamed: 'Renamed. It goes to everybody when there is signal.',
  pending: 'New on this phone',
  bindHere: 'Bind a device',
} as const;
