import { count } from './en.ts';

/** The catalogue of what is behind More; it comes after the first screen. */
export const moreWords = {
  title: 'More',
  you: 'You',
  signOut: 'Sign out',
  other: 'Sign in as somebody else',
  signOutBlocked: (n: number) =>
    `${count(n, 'record is', 'records are')} not sent yet. Signing out would leave them behind.`,
  phones: 'Phones',
  signIn: 'Sign in again',
  account: 'My account',
  people: 'People',
  sessions: {
    title: 'Sessions',
    here: 'This browser',
    elsewhere: 'Another browser',
    used: (begun: string, seen: string) => `Signed in ${begun}, last used ${seen}`,
    end: 'End',
  },
  theme: 'Appearance',
  themes: { auto: 'As the phone', light: 'Light', dark: 'Dark', sun: 'Sun' },
  can: 'What this browser can do',
  abilities: {
    camera: 'Camera',
    serial: 'Cable',
    bluetooth: 'Bluetooth',
    background: 'Send in the background',
    install: 'Works offline',
  },
  yes: 'Yes',
  no: 'No',
  install: 'Install the app',
  installNote: 'Installed, it opens like any app and its storage is safer.',
  version: (v: string) => `Version ${v}`,
  ready: 'Ready to work offline',
  bench: 'Build a maker’s list at the bench',
} as const;
