import type { WishedKind } from '../../../contract/notice.ts';
import { problemWords } from './problems.ts';
import { say, type TroubleWords } from './trouble.ts';

/** What a person is told of while not looking. */
export const noticesWords = {
  title: 'While you are not looking',
  intro:
    'Nobody is told anything unless they ask for it. No name, place or device is in it: it says what to open.',
  kinds: {
    phone_lost: ['A phone of mine was ended', 'So that you notice if it was not you who said it is lost.'],
    alarm: ['Somebody tries to come in', 'Too many attempts failed, for a person or from one address.'],
  } satisfies Record<WishedKind, readonly [string, string]>,
  mail: 'By mail',
  push: 'In my browsers',
  noMail: 'This server sends no mail.',
  address: 'Mail address',
  goesTo: (address: string) => `Mail goes to ${address}.`,
  noAddress: 'No mail address yet.',
  send: 'Send a code there',
  code: 'Code from the mail',
  codeHelp: (address: string) => `Eight digits, sent to ${address}. Good for a quarter of an hour.`,
  confirm: 'Confirm the address',
  another: 'Another address',
  forget: 'Forget the address',
  devices: 'Browsers that are told',
  here: 'This browser',
  told: (label: string, since: string) => `${label}, since ${since}`,
  tellHere: 'Tell me in this browser',
  end: 'Tell it no more',
  done: { address: 'The address is confirmed.', forgotten: 'The address is forgotten.', wishes: 'Kept.' },
} as const;

/** What stands in the way here: a code from a mail is no proof to whoever reads it, and a conflict is a server without mail. */
export function noticeTrouble(code: string): TroubleWords {
  switch (code) {
    case 'proof_invalid':
      return say(
        'This is not the code from the mail, or it has ended.',
        'Look again, or have a new one sent.',
      );
    case 'conflict':
      return say(noticesWords.noMail, 'Be told in a browser.');
    case 'rate_limited':
      return say('A code was sent just now.', 'Wait a minute, and look into the mailbox.');
    default:
      return problemWords(code);
  }
}
