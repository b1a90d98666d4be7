import type { RecordState } from '../../../core/record-state.ts';

export const number = new Intl.NumberFormat('en');
const plural = new Intl.PluralRules('en');
export const count = (n: number, one: string, many: string) =>
  `${number.format(n)} ${plural.select(n) === 'one' ? one : many}`;

/** The catalogue of the first screens; field.ts has those that come later. One word per thing: docs/words.md. */
export const words = {
  app: 'Fieldbind',
  tagline: 'Bind real devices to the place they work in. With or without signal.',

  strip: {
    restored: (n: number) => `${count(n, 'record was', 'records were')} put back from the second copy.`,
    allSent: 'Online. Everything is sent.',
    other: 'Another installation answers here. See More.',
    looking: 'Looking for the backend…',
    /** Of devices, and of names of sites that were not taken. */
    needsYou: (devices: number, names: number) => {
      const site = count(names, 'name of a site', 'names of sites');
      if (devices === 0) return `Everything is sent. ${site} ${names === 1 ? 'needs' : 'need'} you.`;
      const device = count(devices, 'device', 'devices');
      return names === 0
        ? `Everything is sent. ${device} ${devices === 1 ? 'needs' : 'need'} you.`
        : `Everything is sent. ${device} and ${site} need you.`;
    },
    openHome: 'Show them',
    sending: (n: number) => `Sending ${count(n, 'record', 'records')}…`,
    waiting: (n: number, age: string) =>
      `${count(n, 'record', 'records')} saved on this phone. Oldest ${age}.`,
    offlineEmpty: 'No signal. You can go on working.',
    offline: (n: number, age: string) => `No signal. ${n} saved on this phone. Oldest ${age}.`,
    signedOut: (n: number) =>
      n === 0 ? 'Signed out. Sign in to send.' : `Sign in to send ${count(n, 'record', 'records')}.`,
    portal: 'This Wi-Fi wants a sign-in page first.',
    notReady: 'Not ready to work offline yet.',
    again: (n: number) => `Sending ${count(n, 'record', 'records')} again…`,
    unconfirmed: 'Nobody has confirmed you yet.',
    open: 'Open the outbox',
  },

  nav: {
    reload: 'Reload',
    again: 'Try again',
    done: 'Done',
    home: 'Home',
    outbox: 'Outbox',
    desk: 'Desk',
    more: 'More',
    back: 'Back',
    toContent: 'To the content',
    toActions: 'To the buttons of this screen',
  },

  signIn: {
    title: 'Who are you?',
    passkey: 'Sign in with a passkey',
    another: 'Another way',
    again: 'Sign in again',
    demo: 'This installation runs with demo people. Pick one to look around.',
    offline: 'Signing in needs signal once. After that you can work for days without.',
    retry: 'Try again',
  },

  ready: {
    title: 'Ready to work offline',
    notYet: 'Getting this phone ready',
    operator: {
      ready: 'Your key and credential are on this phone',
      missing: 'Your key and credential',
      expired: 'Your sign-in has expired: sign in again',
      session_only: 'This browser keeps your key only until it is closed',
    },
    pack: {
      ready: 'Work pack: sites, trust, and the maker’s list',
      missing: 'Work pack: sites, trust, and the maker’s list',
      expired: 'The work pack has expired: refresh it',
    },
    shell: 'The app itself, scanner included',
    clock: {
      ready: 'The clock of this phone',
      behind: 'The clock of this phone is behind: set it right',
      ahead: 'The clock of this phone is ahead: set it right',
    },
    storage: 'Storage is protected from clean-up',
    storageNot:
      'The browser may clear storage when space runs low. Install the app, and send at least every two days.',
    refresh: 'Refresh now',
    afresh: 'Start afresh with this backend',
    rows: (n: number) => count(n, 'device listed', 'devices listed'),
    cut: 'The rest of the list comes with the next refresh. Until then the backend looks up what is missing.',
    asOf: (when: string) => `As of ${when}`,
  },

  home: {
    hello: (name: string) => `Hello, ${name.split(' ')[0]}`,
    bind: 'Bind a device',
    tryTitle: 'New here? Try it with a simulated device',
    tryText:
      'It lives in this browser and binds only to the training organisation. Two minutes, nothing real changes.',
    tryButton: 'Try with a simulated device',
    prepareFirst: 'Get this phone ready',
  },

  again: {
    putBack: 'The backend was put back to an older copy.',
    lost: 'The backend had lost records.',
    going: (n: number) =>
      `This phone is sending ${count(n, 'record', 'records')} again by itself. There is nothing for you to do.`,
    waits: (n: number) =>
      `This phone sends ${count(n, 'record', 'records')} again by itself when there is signal. There is nothing for you to do.`,
    done: (n: number) =>
      `This phone sent ${count(n, 'record', 'records')} again by itself. There is nothing for you to do.`,
    rest: (n: number) => `${count(n, 'record is', 'records are')} tried again tomorrow.`,
    read: 'I have read it',
  },

  states: {
    saved: 'Saved on this phone',
    sending: 'Sending',
    received: 'Registered',
    bound: 'Bound',
    held: 'Held',
    refused: 'Refused',
    noted: 'Registered',
    installed: 'Certificate on device',
    rejected: 'There is a problem',
  } satisfies Record<RecordState, string>,
  stateNotes: {
    saved: 'Not sent yet. It is safe here and goes by itself.',
    sending: 'On its way. No receipt yet.',
    received: 'The backend has it. Not decided yet.',
    bound: 'Bound to its domain. The certificate waits to be written into the device.',
    held: 'A person must look at it first.',
    refused: 'It will not be bound.',
    noted: 'The backend has it.',
    installed: 'Written into the device and read back.',
    rejected: 'The backend could not take this record. It stays here.',
  } satisfies Record<RecordState, string>,
  kinds: {
    registration: 'Registration',
    site: 'Name of a site',
    confirmation: 'Certificate written',
    void: 'Taken back',
    amendment: 'Place corrected',
    other: 'Record',
  },

  update: { ready: 'A new version is ready.', use: 'Use it now', later: 'Later' },
  notFound: 'This page does not exist.',
};

/** Age as people say it: "just now", "5 min", "2 h", "3 days". */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

export function when(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}
