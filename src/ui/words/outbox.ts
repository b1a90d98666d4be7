import { number } from './en.ts';

/** The catalogue of the outbox; it comes after the first screen. */
export const outboxWords = {
  title: 'Outbox',
  empty: 'Nothing here yet. Records appear the moment you save them.',
  sendNow: 'Send now',
  sending: 'Sending…',
  more: 'Show more',
  copies: 'Save a copy or hand over',
  progress: (done: number, of: number) => `${number.format(done)} of ${number.format(of)} sent.`,
  left: (ms: number) =>
    ms < 60_000 ? 'Less than a minute left.' : `About ${Math.ceil(ms / 60_000)} min left.`,
  unsent: 'not sent',
  decided: 'with the backend',
  filterAll: 'All',
  filterUnsent: 'Not sent',
  filterWaiting: 'Certificate waits',
  restoredNote: 'This phone’s list had lost them. Nothing is missing; they are sent with the others.',
  restoredRead: 'I have read it',
  filterTrouble: 'Needs attention',
  undoFailed: 'The registration was not taken back. Open it and tap Undo again.',
} as const;
