import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnsent,
  nextRecordState,
  RECORD_STATES,
  type RecordEvent,
  type RecordState,
} from '../../core/record-state.ts';

/** Every event once; a new one does not compile until it is here. */
const EVENTS = Object.keys({
  leased: 0,
  not_sent: 0,
  receipt_verified: 0,
  rejected: 0,
  bound: 0,
  held: 0,
  refused: 0,
  noted: 0,
  retried: 0,
  rejected_again: 0,
  installed: 0,
} satisfies Record<RecordEvent, 0>) as RecordEvent[];

/** The whole table, written a second time: what is not here means nothing. */
const EXPECTED: Record<RecordState, string> = {
  saved: 'leased>sending',
  sending: 'leased>sending not_sent>saved receipt_verified>received rejected>rejected',
  received: 'bound>bound held>held refused>refused noted>noted rejected_again>rejected',
  bound: 'bound>bound held>held refused>refused installed>installed rejected_again>rejected',
  held: 'bound>bound held>held refused>refused noted>noted rejected_again>rejected',
  refused: 'bound>bound held>held refused>refused noted>noted rejected_again>rejected',
  noted: 'held>held refused>refused noted>noted rejected_again>rejected',
  installed: 'bound>installed held>held installed>installed refused>refused rejected_again>rejected',
  rejected: 'retried>saved',
};

test.each(RECORD_STATES)('%s goes where the table says, and nowhere else', (state) => {
  const found = EVENTS.flatMap((event) => {
    const next = nextRecordState(state, event);
    return next === undefined ? [] : [`${event}>${next}`];
  });
  expect(found.sort()).toEqual(EXPECTED[state].split(' ').filter(Boolean).sort());
});

test('on every path, a record counts as sent only after a verified receipt or a result of its own', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (events) => {
      let state: RecordState = 'saved';
      for (const event of events) {
        const next = nextRecordState(state, event);
        if (next === undefined) continue;
        if (next === 'received') expect([state, event]).toEqual(['sending', 'receipt_verified']);
        if (isUnsent(state) && !isUnsent(next)) expect(['receipt_verified', 'rejected']).toContain(event);
        // What the backend has is never sent a second time; what it could not take goes again only if a person says so.
        if (!isUnsent(state) && isUnsent(next)) expect([state, event]).toEqual(['rejected', 'retried']);
        state = next;
      }
    }),
    { numRuns: 5000 },
  );
});

test('every state can be reached', () => {
  const reached = new Set<RecordState>(['saved']);
  for (const state of reached) {
    for (const event of EVENTS) {
      const next = nextRecordState(state, event);
      if (next !== undefined) reached.add(next);
    }
  }
  expect([...reached].sort()).toEqual([...RECORD_STATES].sort());
});

test('only what may still go counts as unsent', () => {
  expect(RECORD_STATES.filter(isUnsent)).toEqual(['saved', 'sending']);
});
