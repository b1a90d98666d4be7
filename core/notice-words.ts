import type { NoticeKind } from '../contract/notice.ts';

/**
 * What people are told while they are not looking: the one place for it, for mail and for push alike. It holds nothing of a
 * person, device or place, since it is shown on locked screens and kept by strangers' servers.
 */
export const NOTICE_WORDS: Readonly<Record<NoticeKind, { readonly title: string; readonly text: string }>> = {
  invitation: {
    title: 'You are invited to Fieldbind',
    text: 'Open this link on the device that you want to work with. It is good once, for seven days, and for whoever has it: do not pass it on.',
  },
  address: {
    title: 'Your code for Fieldbind',
    text: 'Type this code into Fieldbind to be told things at this address. If you did not ask for it, do nothing.',
  },
  phone_lost: {
    // Also told when somebody ends a phone of their own, so it does not say who did.
    title: 'A phone of yours was ended',
    text: 'One of the phones that you work with was ended. If that was you, do nothing. If it was not you and you do not know why, ask your administrator now.',
  },
  alarm: {
    title: 'Fieldbind needs an administrator',
    text: 'Something that concerns the security of your organisation has happened. Open Fieldbind and look at its people.',
  },
};

/** Of a kind that a newer server names. */
export const NOTICE_OF_NEWER = {
  title: 'Fieldbind has news for you',
  text: 'Open Fieldbind to see what it is.',
} as const;

/** What mails say beside. */
export const NOTICE_LINES = {
  org: 'Organisation:',
  from: 'This comes from Fieldbind at',
} as const;
