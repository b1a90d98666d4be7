import { describe, expect, it } from 'vitest';
import type { BatchResponse } from '../../contract/batch.ts';
import { MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import { toInstant } from '../../core/instant.ts';
import type { BackendFailure } from '../../src/ports/backend.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import type { Batch, SendEvent, SendStep } from '../../src/sync/send-state.ts';
import { beginSending, nextStep } from '../../src/sync/send-table.ts';
import { queuedRecord, recordId, START } from '../support/records.ts';

const RESPONSE: BatchResponse = {
  batch: recordId(1),
  nonce: 'A'.repeat(22),
  at: toInstant(START),
  results: [],
};
const OFFLINE: BackendFailure = { kind: 'unreachable' };
const BROKEN: BackendFailure = { kind: 'refused', code: 'internal', detail: '' };

function records(count: number, over: Partial<QueuedRecord> = {}, from = 0): Batch {
  return Array.from({ length: count }, (_, i) => ({
    row: queuedRecord({ id: `record-${from + i}`, ...over }),
    jws: 'a.b.c',
  }));
}

/** Plays events one after the other; after each the table asks for one thing. */
function play(...events: readonly SendEvent[]): SendStep {
  return events.reduce((step, event) => nextStep(step.state, event), beginSending());
}

const leased = (batch: Batch): SendEvent => ({ kind: 'leased', records: batch });
const posted: SendEvent = { kind: 'posted' };
const answered: SendEvent = { kind: 'answered', answer: { ok: true, value: RESPONSE } };
const failed = (failure: BackendFailure): SendEvent => ({ kind: 'answered', answer: { ok: false, failure } });
const stored = (batch: Batch, kind: 'received' | 'not_sent' = 'received'): SendEvent => ({
  kind: 'stored',
  settled: batch.map(({ row }) => ({ id: row.id, kind })),
});
const released = (batch: Batch): SendEvent => ({ kind: 'released', ids: batch.map(({ row }) => row.id) });

const FULL = records(MAX_BATCH_RECORDS);
const NEXT = records(MAX_BATCH_RECORDS, {}, MAX_BATCH_RECORDS);
const THIRD = records(MAX_BATCH_RECORDS, {}, 2 * MAX_BATCH_RECORDS);

describe('the table of a drain’s sending side', () => {
  it('begins by leasing as many as one batch takes', () => {
    expect(play().effect).toEqual({
      kind: 'lease',
      limit: MAX_BATCH_RECORDS,
      mayForce: true,
      besides: new Set(),
    });
  });

  it('ends at once where nothing waits', () => {
    const step = play(leased([]));
    expect(step.effect).toEqual({ kind: 'give_back', rows: [], why: null });
    expect(nextStep(step.state, released([]))).toMatchObject({ effect: null, state: { end: { sent: 0 } } });
  });

  it('keeps one batch on its way until our backend has answered, then two', () => {
    expect(play(leased(FULL), posted).effect).toEqual({ kind: 'await_answer' });
    const second = play(leased(FULL), posted, answered);
    expect(second.effect).toMatchObject({ kind: 'lease', besides: new Set(FULL.map(({ row }) => row.id)) });
    const third = [leased(NEXT), posted].reduce((step, event) => nextStep(step.state, event), second);
    // The next travels while the receipts of the one before are verified.
    expect(third.effect).toMatchObject({ kind: 'lease' });
    const both = [leased(THIRD), posted].reduce((step, event) => nextStep(step.state, event), third);
    expect(both.state.inFlight).toEqual([NEXT, THIRD]);
    expect(both.effect).toMatchObject({ kind: 'store', answered: { batch: FULL } });
  });

  it('counts what travels already against what a batch says still waits', () => {
    expect(play(leased(FULL), posted, answered, leased(NEXT)).effect).toEqual({
      kind: 'post',
      batch: NEXT,
      alsoInFlight: MAX_BATCH_RECORDS,
    });
  });

  it('hears everything that is on its way before it concludes anything from a failure', () => {
    const both = [leased(FULL), posted, answered, leased(NEXT), posted, leased(THIRD), posted, stored(FULL)];
    const failing = play(...both, failed(OFFLINE));
    expect(failing.effect).toEqual({ kind: 'await_answer' });
    const home = nextStep(failing.state, answered);
    expect(home.effect).toMatchObject({ kind: 'store', answered: { batch: THIRD } });
    const end = nextStep(home.state, stored(THIRD));
    expect(end.effect).toEqual({ kind: 'give_back', rows: NEXT.map(({ row }) => row), why: OFFLINE });
    expect(nextStep(end.state, released(NEXT))).toMatchObject({
      effect: null,
      state: { end: { sent: 2 * MAX_BATCH_RECORDS, failure: { why: OFFLINE, passing: false } } },
    });
  });

  it('takes an answer that proves nothing for another server’s, and gives everything back', () => {
    const step = play(leased(records(3)), posted, answered, stored(records(3), 'not_sent'));
    expect(step.effect).toMatchObject({ kind: 'give_back', why: { kind: 'not_our_backend' } });
  });

  it('stops at the first refusal of a batch, and searches it by halves at the second', () => {
    const first = records(8);
    expect(play(leased(first), posted, failed(BROKEN)).effect).toMatchObject({
      kind: 'give_back',
      why: BROKEN,
    });
    const again = records(8, { fault: { code: 'answer_invalid', at: 1 } });
    // Refused together before, so not tried together again.
    const half = play(leased(again));
    expect(half.effect).toMatchObject({ kind: 'post', batch: again.slice(0, 4) });
    const refused = play(leased(again), posted, failed(BROKEN));
    expect(refused.effect).toMatchObject({ kind: 'lease', limit: 2 });
  });

  it('stores what a searched batch brought before it leases the next', () => {
    const again = records(8, { fault: { code: 'answer_invalid', at: 1 } });
    expect(play(leased(again), posted, answered).effect).toMatchObject({ kind: 'store' });
  });

  it('sets the one record aside that is left, goes on, and says so at the end', () => {
    const again = records(2, { fault: { code: 'answer_invalid', at: 1 } });
    const [culprit, good] = [again.slice(0, 1), again.slice(1)];
    const found = play(leased(again), posted, failed(BROKEN));
    expect(found.effect).toEqual({ kind: 'set_aside', rows: culprit.map(({ row }) => row) });
    const next = nextStep(found.state, released(culprit));
    // A person's wish to send now would lease the same record again.
    expect(next.effect).toMatchObject({ kind: 'lease', mayForce: false });
    const end = [leased(good), posted, answered, stored(good), leased([])].reduce(
      (step, event) => nextStep(step.state, event),
      next,
    );
    expect(end.state.end).toEqual({ sent: 1, failure: { why: BROKEN, passing: true } });
  });

  it('begins small where the last drain got no answer', () => {
    const waiting = records(MAX_BATCH_RECORDS, { fault: { code: 'no_answer', at: 1 } });
    expect(play(leased(waiting)).effect).toMatchObject({ kind: 'post', batch: waiting.slice(0, 10) });
  });

  it('changes no state that it was given', () => {
    const before = play(leased(FULL), posted);
    const [limit, ids] = [before.state.size.limit, [...before.state.leased.keys()]];
    nextStep(before.state, failed(BROKEN));
    nextStep(nextStep(before.state, answered).state, stored(FULL));
    expect([before.state.size.limit, [...before.state.leased.keys()]]).toEqual([limit, ids]);
    expect(before.state.inFlight).toEqual([FULL]);
  });
});
