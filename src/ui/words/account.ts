import type { InvitationKind } from '../../../contract/account.ts';
import { count } from './en.ts';

/** Coming in, and what a person signs in with. */
export const accountWords = {
  signIn: {
    anotherWay: 'Another way',
  },
  ways: {
    title: 'Another way in',
    device: 'From a phone or computer where you are signed in',
    deviceNote:
      'There: More, My account, Add another phone or computer. Scan the code it shows, or paste its link.',
    scan: 'Scan the code',
    stop: 'Stop scanning',
    link: 'Link',
    open: 'Open the link',
    none: 'Signed in nowhere else?',
    noneNote: 'Ask an administrator of your organisation for a new invitation. Your old passkeys then end.',
  },
  again: {
    fresh: 'Sign in again',
    freshNote: 'This asks for a sign-in of the last ten minutes. What you typed stays, and is done after it.',
    ended: 'You are signed out',
    endedNote: 'Everything on this phone stays as it is. Sign in to send, and go on where you are.',
    passkey: 'Use your passkey',
    notNow: 'Not now',
    goOnAs: (name: string) => `Go on as ${name}`,
  },
  others: (name: string, n: number) =>
    `${count(n, 'record', 'records')} of ${name} ${n === 1 ? 'waits' : 'wait'} on this phone. ` +
    `${n === 1 ? 'It stays' : 'They stay'} ${name}’s and ${n === 1 ? 'goes' : 'go'} with the next sending, signed by ${name}; your lists do not show ${n === 1 ? 'it' : 'them'}.`,

  join: {
    titles: {
      'set-up': 'Set up this installation',
      join: 'You are invited',
      device: 'Another phone or computer',
      recovery: 'A new passkey for you',
    } satisfies Record<InvitationKind, string>,
    reading: 'Your invitation',
    setUp:
      'Nobody can sign in here yet. You become the first administrator, of this installation and of your organisation.',
    invites: (by: string, org: string, role: string) => `${by} invites you to ${org} as ${role}.`,
    somebody: 'Somebody',
    youMay: (org: string) => `In ${org} you may`,
    device: (name: string) =>
      `This phone or computer gets a passkey of its own for ${name}. The other one stays as it is.`,
    recovery: (by: string, name: string) =>
      `${name}, ${by} sends you a new way in. The passkeys that you had end, and so does each session.`,
    until: (when: string) => `Good once, until ${when}.`,
    name: 'Your name',
    nameHelp: 'Colleagues see it beside what you do.',
    org: 'Name of your organisation',
    short: 'Short name',
    shortHelp: 'Small letters, digits and hyphens, 2 to 31. It stands in addresses and is never changed.',
    passkey: 'What is a passkey?',
    passkeyNote:
      'This phone or computer keeps a key for you, behind its fingerprint, face or PIN. There is no password that anybody could learn.',
    make: {
      'set-up': 'Make a passkey',
      join: 'Make a passkey and join',
      device: 'Make a passkey here',
      recovery: 'Make a new passkey',
    } satisfies Record<InvitationKind, string>,
    signedInAs: (name: string) => `You are signed in here as ${name}.`,
    joinAs: (name: string) => `Join as ${name}`,
    somebodyElse: 'I am somebody else',
    lookAgain: 'Look again',
    signIn: 'Sign in',
    noToken: 'This link is not whole.',
    already: ['You belong to this organisation already.', 'Nothing to do: go on as you are.'],
    badOrg: [
      'This name cannot be an organisation’s.',
      'Begin the short name with a letter; small letters, digits and hyphens follow.',
    ],
  },

  account: {
    title: 'My account',
    passkeys: 'Passkeys',
    made: (made: string, used: string | undefined) =>
      used === undefined ? `Made ${made}, not used since` : `Made ${made}, last used ${used}`,
    backedUp: 'It is backed up, so a new phone of yours may have it too.',
    bound: 'It is in one phone, computer or security key only.',
    last: 'This is your only passkey, so it cannot be ended. Add another phone or computer first.',
    end: 'End it',
    sure: 'Whoever has only this one cannot sign in any more.',
    yes: 'End this passkey',
    no: 'Keep it',
    another: 'Add another phone or computer',
    phones: 'Phones that sign for you',
    phoneHere: 'This phone',
    phone: 'Another phone',
    since: (when: string) => `Since ${when}`,
    heard: (when: string) => `last heard of ${when}`,
    unheard: 'nothing was sent from it yet',
    waits: (n: number) => `${count(n, 'record waits', 'records wait')} on it`,
    phoneEnded: (when: string) => `Ended ${when}`,
    ended: (n: number) => `${count(n, 'phone', 'phones')} that ended`,
    endPhone: 'Lost, or not used any more',
    endPhoneNote:
      'It signs nothing more. What it had sent stays; what waits on it is then held until somebody decides.',
    lost: 'It is lost',
    unused: 'I use it no more',
    done: { passkey: 'The passkey has ended.', phone: 'The phone has ended.' },
    none: 'A demo person has no passkey.',
  },

  device: {
    title: 'Add another phone or computer',
    intro: 'The other one makes a passkey of its own. Nothing secret leaves this one.',
    show: 'Show the code',
    anew: 'Show a new code',
    scan: 'Scan this with the other one’s camera',
    over: 'This code has ended.',
    alt: 'QR code of a link for another phone or computer',
    check: 'Show it to nobody else: whoever opens it first is you.',
  },

  link: {
    left: (minutes: number) =>
      minutes < 1
        ? 'Good for less than a minute.'
        : `Good for ${count(minutes, 'more minute', 'more minutes')}.`,
    until: (when: string) => `Good once, until ${when}.`,
    copy: 'Copy the link',
    copied: 'Copied.',
    share: 'Share the link',
    address: 'Link',
  },
} as const;
