import { number } from './en.ts';

/** The catalogue of the outbox; it comes after the first screen. */
export const outboxWords = {
  title: 'Outbox',
  sendNow: 'Send now',
  sending: 'Sending…',
  more: 'Show more',
  copies: 'Save a copy or hand over',
  progress: (done: number, of: number) => `${number.format(done)} of ${number.format(of)} sent.`,
  left: (ms: number) =>
    ms < 60_000 ? 'Less than a minute left.' : `About ${Math.ceil(ms / 60_000)} min left.`,
  unsent: 'not sent',
  decided: 'with the backend',
  filters: {
    open: 'Not decided',
    mine: 'Needs you',
    others: 'Waits for others',
    all: 'All devices',
  },
  none: {
    open: 'Everything is sent and decided.',
    mine: 'Nothing needs you.',
    others: 'Nothing waits for others.',
    all: 'Nothing here yet. Devices appear the moment you save them.',
  },
  restoredNote: 'This phone’s list had lost them. Nothing is missing; they are sent with the others.',
  restoredRead: 'I have read it',
  undoFailed: 'The registration was not taken back. Open it and tap Undo again.',
} as const;
