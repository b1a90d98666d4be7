import { count } from './en.ts';

const numbers = (stretches: readonly { from: number; to: number }[]) =>
  stretches.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`)).join(', ');

/** The catalogue of what keeps records from being lost; it comes after the first screen. */
export const rescueWords = {
  wiped: {
    title: 'This phone’s storage was cleared',
    when: (last: string) => `The browser removed this app’s data. It was last in use ${last}.`,
    lost: (n: number) =>
      `${count(n, 'record', 'records')} had not been sent and ${n === 1 ? 'is' : 'are'} gone`,
    numbers: (stretches: readonly { from: number; to: number }[]) => `Numbers ${numbers(stretches)}`,
    restored: (n: number) =>
      `${count(n, 'record was', 'records were')} put back from the second copy and ${n === 1 ? 'waits' : 'wait'} to be sent. Sign in, and do not bind ${n === 1 ? 'that device' : 'those devices'} twice.`,
    none: 'Everything had been sent',
    noneLost: 'Nothing is lost',
    noneNote: 'No record is missing. Sign in again to go on.',
    what: 'Write these numbers down. Look whether a copy was saved as a file, and bind these devices again otherwise. Support is told with the next contact.',
    again: 'So that it does not happen again: install the app, and send at the end of every day.',
    go: 'I have read it',
  },
  rescue: {
    title: 'Copies and hand-over',
    intro: 'For a phone that cannot send. A file is sealed: only the backend can read it.',
    saveTitle: 'Save a copy',
    saveNote: (n: number) =>
      `${count(n, 'record', 'records')} in one file. Give it to any colleague, or keep it safe.`,
    save: 'Save as a file',
    share: 'Hand over to a colleague',
    saved: (n: number) => `${count(n, 'record', 'records')} in the file. They stay on this phone too.`,
    nothing: 'Everything is sent. There is nothing to copy.',
    all: 'Save all records as a file',
    allNote:
      'Sent ones too: for the day when the backend was put back to an older copy and this phone has no signal.',
    noKey: 'This phone never had signal since it was set up, so it has no key to seal a file with.',
    importTitle: 'Send a colleague’s file',
    importNote: 'It needs signal. The records stay your colleague’s; you only carry them.',
    choose: 'Choose the file',
    sending: (done: number, of: number) => `Part ${done + 1} of ${of}…`,
    taken: (n: number) => `${count(n, 'record', 'records')} taken by the backend`,
    known: (n: number) => `${count(n, 'was', 'were')} there already`,
    refused: (n: number) => `${count(n, 'was', 'were')} not taken: the author’s phone will say why`,
    notAFile: 'This is not a rescue file.',
    stopped: (n: number) => `Stopped after ${count(n, 'record', 'records')}. Choose the file again to go on.`,
  },
  handOver: {
    showTitle: 'One record, by code',
    showNote: 'A colleague scans it from this screen and sends it. It needs no signal here.',
    show: 'Show the oldest record',
    next: (at: number, of: number) => `Next (this is ${at} of ${of})`,
    alt: (udid: string) => `The record of ${udid} as a QR code`,
    tooLarge: (udid: string) => `${udid}: this record is too large for a code. Save it as a file.`,
    takeTitle: 'Scan a colleague’s record',
    takeNote: 'It is sent with your own records and stays your colleague’s.',
    take: 'Scan a record',
    stop: 'Stop',
    outcome: {
      taken: 'On this phone now, and sent with your own:',
      known: 'It is on this phone already:',
      own: 'It names this phone as its author, so it is not taken from a code:',
      not_a_record: 'This code is no record. Scan the one under “One record, by code” on the other phone.',
      other_installation: 'This record belongs to another installation.',
    },
  },
  phones: {
    title: 'Phones',
    intro: 'What every phone last said of its own records, and what never came.',
    none: 'No phone has reported yet.',
    heard: (age: string) => `Heard of ${age}`,
    waits: (n: number) => `${count(n, 'record waits', 'records wait')} on it`,
    all: (head: number) =>
      head === 0 ? 'No record yet' : head === 1 ? 'Number 1 is here' : `Numbers 1 to ${head} are here`,
    missing: (stretches: readonly { from: number; to: number }[]) =>
      `Numbers ${numbers(stretches)} never came`,
    onTheWay: (stretches: readonly { from: number; to: number }[]) =>
      `Numbers ${numbers(stretches)} are not here yet`,
    lost: (stretches: readonly { from: number; to: number }[]) =>
      stretches.length === 0
        ? 'Its storage was cleared; everything is here'
        : `Its storage was cleared with numbers ${numbers(stretches)} not sent`,
    notPersisted: 'Its browser may clear storage',
  },
};
