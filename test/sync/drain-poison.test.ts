import { describe, expect, test } from 'vitest';
import type { BackendFailure } from '../../src/ports/backend.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { BatchSize } from '../../src/sync/batch-size.ts';
import { ORG } from '../support/records.ts';
import { enrolledPhone, type Phone, withBackend } from './phone.ts';

const INTERNAL = { kind: 'refused', code: 'internal', detail: '' } as const satisfies BackendFailure;

/** A backend that fails as a whole over any batch with one of these in it. */
function choking(phone: Phone, ids: readonly string[], failure: BackendFailure = INTERNAL) {
  return withBackend(phone.backend, {
    postBatch: async (request) => {
      const poison = ids.some((id) => request.records.includes(phone.storage.envelopes.get(id) ?? ''));
      if (!poison) return phone.backend.postBatch(request);
      phone.backend.calls.push('choked');
      return { ok: false, failure };
    },
  });
}

async function refusedOnce(count: number, poison: readonly number[], udid = (n: number) => `d-${n}`) {
  const phone = await enrolledPhone();
  const rows: QueuedRecord[] = [];
  for (let n = 0; n < count; n++) rows.push(await phone.capture({ udid: udid(n) }));
  const ids = poison.map((n) => rows[n]?.id ?? '');
  const backend = choking(phone, ids);
  expect(await phone.drain({ backend })).toEqual({ kind: 'stopped', sent: 0, failure: INTERNAL });
  phone.backend.calls.length = 0;
  phone.clock.advance(10_000);
  return { phone, rows, ids, backend };
}

const requests = (phone: Phone) => phone.backend.calls.filter((call) => !call.startsWith('changes')).length;

describe('one record that no batch survives', () => {
  test.each([0, 1, 42, 98, 99])('at place %i of a hundred: the others go, in few requests', async (place) => {
    const { phone, ids, backend } = await refusedOnce(100, [place]);
    expect(await phone.drain({ backend })).toEqual({ kind: 'stopped', sent: 99, failure: INTERNAL });
    expect(requests(phone)).toBeLessThanOrEqual(8);
    expect(await phone.outbox.record(ids[0] ?? '')).toMatchObject({
      state: 'saved',
      attempts: 2,
      fault: { code: 'answer_invalid' },
    });
    expect((await phone.outbox.summary()).counts).toEqual({ received: 99, saved: 1 });
  });

  test('does not keep outcomes of the others from coming', async () => {
    const { phone, backend } = await refusedOnce(4, [1]);
    await phone.drain({ backend });
    expect(phone.backend.calls.at(-1)).toBe(`changes ${ORG} `);
  });

  test('waits a while, even when a person asked, and goes once the backend takes it', async () => {
    const { phone, ids, backend } = await refusedOnce(10, [3]);
    expect(await phone.drain({ backend, force: true })).toMatchObject({ sent: 9 });
    phone.clock.advance(59_999);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 0 });
    phone.clock.advance(300_000);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(await phone.state(ids[0] ?? '')).toBe('received');
  });

  test("holds its own device's later records back, and leaves none looking as if on its way", async () => {
    const { phone, rows, backend } = await refusedOnce(6, [2], (n) => `d-${n % 2}`);
    expect(await phone.drain({ backend })).toMatchObject({ sent: 4 });
    const states = await Promise.all(rows.map((row) => phone.state(row.id)));
    expect(states).toEqual(['received', 'received', 'saved', 'received', 'saved', 'received']);
  });

  test('two of them are found one after the other', async () => {
    const { phone, backend } = await refusedOnce(20, [4, 13]);
    for (let i = 0; i < 4; i++) {
      await phone.drain({ backend });
      phone.clock.advance(10_000);
    }
    expect((await phone.outbox.summary()).counts).toEqual({ received: 18, saved: 2 });
  });
});

describe('a fault that is the server’s own', () => {
  test('is not asked about again and again', async () => {
    const everything = Array.from({ length: 100 }, (_, n) => n);
    const { phone, backend } = await refusedOnce(100, everything);
    expect(await phone.drain({ backend })).toEqual({ kind: 'stopped', sent: 0, failure: INTERNAL });
    expect(requests(phone)).toBeLessThanOrEqual(9);
    expect((await phone.outbox.summary()).counts).toEqual({ saved: 100 });
  });

  test.each<BackendFailure>([
    { kind: 'refused', code: 'forbidden', detail: '' },
    { kind: 'refused', code: 'origin_refused', detail: '' },
    { kind: 'signed_out' },
    { kind: 'unreachable' },
  ])('%j concerns whoever asks: one request', async (failure) => {
    const { phone, ids } = await refusedOnce(10, [3]);
    await phone.drain({ backend: choking(phone, ids, failure) });
    expect(requests(phone)).toBe(1);
  });

  test('signal lost while looking leaves nothing leased', async () => {
    const { phone, backend } = await refusedOnce(40, [3]);
    let left = 3;
    const fading = withBackend(phone.backend, {
      postBatch: async (request, signal) =>
        left-- > 0 ? backend.postBatch(request, signal) : { ok: false, failure: { kind: 'unreachable' } },
    });
    expect(await phone.drain({ backend: fading })).toMatchObject({ failure: { kind: 'unreachable' } });
    const { counts, unsent } = await phone.outbox.summary();
    expect(counts).toEqual(unsent === 40 ? { saved: 40 } : { received: 40 - unsent, saved: unsent });
  });
});

test('the size is the most there may be, unless a culprit is sought', () => {
  const size = new BatchSize(100);
  expect(size.limit).toBe(100);
  expect(size.afterRefusal(100, INTERNAL, false)).toBe('stop');
  expect(size.afterRefusal(100, INTERNAL, true)).toBe('smaller');
  expect(size.limit).toBe(50);
  size.taken(50);
  expect(size.limit).toBe(25);
  expect(size.afterRefusal(25, INTERNAL, true)).toBe('smaller');
  expect(size.limit).toBe(13);
  expect(size.afterRefusal(1, INTERNAL, true)).toBe('set_aside');
  expect(size.limit).toBe(100);
  expect(size.afterRefusal(74, INTERNAL, true)).toBe('stop');
});
