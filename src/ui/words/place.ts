import { number } from './en.ts';

const metres = (m: number) =>
  m < 1_000 ? `${number.format(Math.round(m))} m` : `${number.format(Math.round(m / 1_000))} km`;

/** The catalogue of the step that says where a device stands, and of what it is called on other screens. */
export const placeWords = {
  title: 'Where is it?',
  domain: 'Domain',
  site: 'Site',
  noSite: 'No site',
  position: 'Position',
  positionHelp: 'Roof, cabinet 3, flat 12…',
  choose: 'Choose…',
  search: 'Search',
  searchOrMake: 'Search, or name a new one',
  make: (title: string) => `Make site “${title}”`,
  nothing: 'Nothing is called so.',
  found: (shown: number, of: number) =>
    shown === of
      ? `${number.format(of)} to choose from`
      : `${number.format(shown)} of ${number.format(of)} shown`,
  more: 'Show more',
  chooseFirst: 'Choose domain and site first.',
  here: 'Add where I am',
  locating: 'Asking where you are…',
  located: (accuracy: number) => `Where you are, to within ${metres(accuracy)}`,
  notHere: 'Leave it out',
  far: (m: number) => `You are ${metres(m)} from this site. Is it the right one?`,
  move: (from: string, to: string) => `Move from ${from} to ${to}`,
  moveNote: 'It gets a new certificate. The old one ends when the device uses the new one.',
  moveStatic: 'This device cannot prove its key here, so a person must decide about the move.',
  correct: (from: string) => `It stands at ${from} so far. Saving corrects that.`,
  anotherOwner: 'It belongs to another organisation of yours, whose people must give it up first.',
  replaces: (udid: string) => `It takes the place of ${udid}, which ends when this one is bound.`,
  replacesAsked: (udid: string) =>
    `It takes the place of ${udid}, which ends once your office agrees. Until then both stay as they are.`,
  replacesNot: (udid: string) => `${udid} stands in another domain, so it is not replaced.`,
  replaceAnother: 'It takes another device’s place',
  replaceWhich: 'Which device goes?',
  replaceNone: 'No other device is known at this place.',
  replaceNobody: 'Nobody’s place',
  save: 'Save',
  saving: 'Saving…',
  moveIt: 'Move it here',
  renew: 'Renew',
  replaceIt: 'Replace it here',
  asFound: 'Submitted as found: a colleague decides.',
};
