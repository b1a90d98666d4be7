import type { BatchResponse } from '../../contract/batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
import { BatchSize } from './batch-size.ts';
import { KEY_UNKNOWN } from './not-sent.ts';
import type { Batch, SendEvent, SendState, SendStep, Sent, Settled } from './send-state.ts';

/** Requests in flight on a good line. The second hides the round trip and the server's own time for a batch. */
const WIDTH = 2;

export function beginSending(): SendStep {
  return decide({
    size: new BatchSize(MAX_BATCH_RECORDS),
    leased: new Map(),
    inFlight: [],
    answered: null,
    failed: null,
    isFirst: true,
    wasAnswered: false,
    isDry: false,
    sent: 0,
    refusal: null,
    aside: null,
    end: null,
  });
}

/**
 * Two batches are in flight once the first was answered, one while the line is bad or a bisection is under way.
 * Meanwhile the receipts of the batch before are verified and stored and the next batch is prepared. A crash repeats
 * three batches at most, and the server answers a repeat with the first receipt.
 */
export function nextStep(state: SendState, event: SendEvent): SendStep {
  switch (event.kind) {
    case 'leased':
      return compose(state, event.records);
    case 'posted':
      return decide(state);
    case 'answered':
      return hear(state, event.answer);
    case 'stored':
      return decide(afterStoring(state, event.settled));
    case 'released': {
      const left = without(state, event.ids);
      return left.end === null ? decide(left) : { state: left, effect: null };
    }
  }
}

/**
 * The next effect where none is under way. Leasing comes first, so that a batch travels while the last one is stored.
 */
function decide(state: SendState): SendStep {
  const { answered, failed, inFlight, size } = state;
  const mayLease = failed === null && answered?.beforeNext !== true && !state.isDry;
  if (mayLease && inFlight.length < (state.wasAnswered && size.isWhole ? WIDTH : 1)) {
    const besides = new Set(onTheirWay(state).map(({ row }) => row.id));
    return {
      state,
      effect: { kind: 'lease', limit: size.limit, mayForce: state.aside === null, besides },
    };
  }
  if (answered !== null) return { state, effect: { kind: 'store', answered } };
  if (inFlight.length > 0) return { state, effect: { kind: 'await_answer' } };
  if (failed === null) return finish(state);
  if (failed.kind === 'unproved') return stop(state, { kind: 'not_our_backend' });
  return afterRefusal(state, failed.batch, failed.why);
}

/** Makes a batch of what was leased, or sets the record aside that is known to be the culprit. */
function compose(before: SendState, records: Batch): SendStep {
  const leased = new Map(before.leased);
  for (const { row } of records) leased.set(row.id, row);
  const fit = fitting(records);
  const size = before.isFirst ? sizeToBeginWith(before.size, fit) : before.size.copy();
  const batch = fit.slice(0, size.limit);
  const isDry = batch.length === 0 || records.length < before.size.limit;
  const state: SendState = { ...before, leased, size, isDry, isFirst: false };
  if (batch.length === 0) return decide(state);
  if (size.isCornered && before.refusal !== null) {
    size.cornered();
    return setAside({ ...state, aside: before.refusal }, batch);
  }
  return {
    state: { ...state, inFlight: [...before.inFlight, batch] },
    effect: { kind: 'post', batch, alsoInFlight: onTheirWay(before).length },
  };
}

function hear(before: SendState, answer: BackendResult<BatchResponse>): SendStep {
  const [batch, ...inFlight] = before.inFlight;
  if (batch === undefined) return decide(before);
  const state: SendState = { ...before, inFlight };
  // A batch failed before this one: its receipts count, and another failure adds nothing.
  if (before.failed !== null) {
    if (!answer.ok) return decide(state);
    return decide({ ...state, answered: { batch, response: answer.value, beforeNext: true } });
  }
  if (!answer.ok) return decide({ ...state, failed: { kind: 'no_answer', batch, why: answer.failure } });
  const size = before.size.copy();
  size.taken(batch.length);
  return decide({
    ...state,
    size,
    wasAnswered: true,
    answered: { batch, response: answer.value, beforeNext: before.size.isSeeking },
  });
}

function afterStoring(before: SendState, settled: readonly Settled[]): SendState {
  const received = settled.filter(({ kind }) => kind === 'received').length;
  const isKeyUnknown = settled.some(
    ({ kind, fault }) => kind === 'not_sent' && fault?.code === 'operator_key_unknown',
  );
  // That the key is unknown was said of this very digest, so it was our backend that read it.
  const isProved = isKeyUnknown || settled.some(({ kind }) => kind !== 'not_sent');
  const state = without(
    before,
    settled.map(({ id }) => id),
  );
  return {
    ...state,
    answered: null,
    sent: state.sent + received,
    aside: isKeyUnknown ? (state.aside ?? KEY_UNKNOWN) : state.aside,
    failed: isProved ? state.failed : { kind: 'unproved' },
  };
}

/** All other batches are answered. Tries a smaller batch, sets the only record of this one aside, or ends. */
function afterRefusal(before: SendState, batch: Batch, why: BackendFailure): SendStep {
  const size = before.size.copy();
  const wasRefusedBefore = batch.some(({ row }) => row.fault?.code === 'answer_invalid');
  const action = size.afterRefusal(batch.length, why, wasRefusedBefore);
  if (action === 'stop') return stop(before, why);
  // The records stay leased; the bisection begins with the first of them.
  const state: SendState = { ...before, size, failed: null, refusal: why, isDry: false };
  return action === 'set_aside' ? setAside({ ...state, aside: why }, batch) : decide(state);
}

function setAside(state: SendState, batch: Batch): SendStep {
  return { state, effect: { kind: 'set_aside', rows: batch.map(({ row }) => row) } };
}

function stop(state: SendState, why: BackendFailure): SendStep {
  const end: Sent = { sent: state.sent, failure: { why, passing: false } };
  return { state: { ...state, end }, effect: { kind: 'give_back', rows: [...state.leased.values()], why } };
}

function finish(state: SendState): SendStep {
  const { aside, sent } = state;
  const end: Sent = aside === null ? { sent } : { sent, failure: { why: aside, passing: true } };
  // What is left waits behind a record of the same device that was set aside.
  const rows = [...state.leased.values()];
  return { state: { ...state, end }, effect: { kind: 'give_back', rows, why: null } };
}

function without(state: SendState, ids: readonly string[]): SendState {
  const leased = new Map(state.leased);
  for (const id of ids) leased.delete(id);
  return { ...state, leased, isDry: false };
}

function onTheirWay({ inFlight, answered }: SendState): Batch {
  return [...inFlight.flat(), ...(answered?.batch ?? [])];
}

/** How the last try ended says how this one begins. */
function sizeToBeginWith(size: BatchSize, records: Batch): BatchSize {
  const first = size.copy();
  const fault = records[0]?.row.fault;
  if (fault?.code === 'no_answer') first.careful();
  if (fault?.code === 'answer_invalid') {
    const together = records.filter(
      ({ row }) => row.fault?.code === 'answer_invalid' && row.fault.at === fault.at,
    );
    first.suspect(together.length);
  }
  return first;
}

/** As many leased records as one request takes; the rest keep their lease and go with the next. */
function fitting(records: Batch): Batch {
  let bytes = 1024;
  return records.filter(({ jws }, i) => {
    bytes += jws.length + 3;
    return i === 0 || bytes <= MAX_BATCH_BYTES;
  });
}
