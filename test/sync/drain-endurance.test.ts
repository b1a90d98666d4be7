import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { BackendFailure } from '../../src/ports/backend.ts';
import { backoff } from '../../src/sync/backoff.ts';
import { drain } from '../../src/sync/drain.ts';
import { runDrain } from '../../src/sync/run-drain.ts';
import { certificate, change, ORG } from '../support/records.ts';
import { enrolledPhone, withBackend } from './phone.ts';

describe('back-off', () => {
  test('stays between nothing and its ceiling, which doubles up to five minutes', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempts, random) => {
        const wait = backoff(attempts, random, null);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(Math.min(300_000, 2_000 * 2 ** attempts));
        expect(Number.isInteger(wait)).toBe(true);
      }),
    );
    expect([0, 1, 7, 8, 500].map((n) => backoff(n, 0.5, null))).toEqual([
      1000, 2000, 128_000, 150_000, 150_000,
    ]);
  });

  test('gives way to a time the server named, zero included', () => {
    expect(backoff(9, 0.5, 7000)).toBe(7000);
    expect(backoff(9, 0.5, 0)).toBe(0);
  });
});

describe('two drains at once', () => {
  test('never send the same record', async () => {
    const phone = await enrolledPhone();
    for (let i = 0; i < 150; i++) await phone.capture();
    const outcomes = await Promise.all([phone.drain(), phone.drain({ owner: 'worker' })]);
    const sent = outcomes.map((outcome) => (outcome.kind === 'done' ? outcome.sent : -1));
    expect(sent.reduce((sum, n) => sum + n)).toBe(150);
    const all = phone.backend.batches.flatMap((batch) => batch.records);
    expect(new Set(all).size).toBe(all.length);
    expect((await phone.outbox.summary()).counts).toEqual({ received: 150 });
  });

  test('one that was killed keeps its records back only until its lease runs out', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    const never = withBackend(phone.backend, { postBatch: () => new Promise(() => undefined) });
    void drain(phone.ports({ backend: never, owner: 'killed' }), new AbortController().signal);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await phone.state(row.id)).toBe('sending');
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 0 });
    phone.clock.advance(60_000);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
  });

  test('under the lock the second one says so', async () => {
    const phone = await enrolledPhone();
    await phone.capture();
    const signal = new AbortController().signal;
    const outcomes = await Promise.all([
      runDrain(phone.ports(), signal),
      runDrain(phone.ports({ owner: 'worker' }), signal),
    ]);
    expect(outcomes).toEqual([{ kind: 'done', sent: 1 }, 'busy']);
    expect(await runDrain(phone.ports(), signal)).toEqual({ kind: 'done', sent: 0 });
  });

  test('a patient one has its turn after it, and one whose patience ends says so', async () => {
    const phone = await enrolledPhone();
    await phone.capture();
    const signal = new AbortController().signal;
    const answered = Promise.withResolvers<void>();
    const slow = withBackend(phone.backend, {
      postBatch: async (request) => {
        await answered.promise;
        return { ok: true, value: await phone.backend.answer(request) };
      },
    });
    const worker = runDrain(phone.ports({ owner: 'worker', backend: slow }), signal);
    const patient = runDrain(phone.ports(), signal, 60_000);
    expect(await runDrain(phone.ports(), signal, 1)).toBe('busy');
    answered.resolve();
    expect(await Promise.all([worker, patient])).toEqual([
      { kind: 'done', sent: 1 },
      { kind: 'done', sent: 0 },
    ]);
  });

  test('locks that fail, and a drain that does, are no other drain', async () => {
    const phone = await enrolledPhone();
    const signal = new AbortController().signal;
    const work = { enrolment: () => Promise.reject(new DOMException('', 'TimeoutError')) } as never;
    await expect(runDrain({ ...phone.ports(), work }, signal, 1_000)).rejects.toThrow(DOMException);
    const denied = vi
      .spyOn(navigator.locks, 'request')
      .mockRejectedValue(new DOMException('', 'SecurityError'));
    for (const patience of [0, 1_000])
      await expect(runDrain(phone.ports(), signal, patience)).rejects.toThrow(DOMException);
    denied.mockRestore();
  });
});

test('an abort leaves each record where it was, and the answer that still comes is not needed', async () => {
  const phone = await enrolledPhone();
  const row = await phone.capture();
  const aborting = withBackend(phone.backend, {
    postBatch: async (request, signal) => {
      await phone.backend.answer(request); // the server has it, but the phone never hears so
      phone.abort();
      expect(signal.aborted).toBe(true);
      return { ok: false, failure: { kind: 'unreachable' } };
    },
  });
  expect(await phone.drain({ backend: aborting })).toMatchObject({ kind: 'stopped', sent: 0 });
  expect(await phone.state(row.id)).toBe('saved');
  const again = await drain(phone.ports({ force: true }), new AbortController().signal);
  expect(again).toEqual({ kind: 'done', sent: 1 });
  expect(await phone.state(row.id)).toBe('received');
  expect(phone.backend.taken.size).toBe(1);
});

test('an outcome that overtook a lost answer is not lost with it', async () => {
  const phone = await enrolledPhone();
  const first = await phone.capture();
  phone.backend.script.push(async (_, honest) => {
    await honest();
    return { ok: false, failure: { kind: 'busy', retryAfterMs: 60_000 } };
  });
  await phone.drain();
  // The server decided; another record's drain fetches that while the first one still waits for its time.
  phone.backend.changesByOrg.set(ORG, [change(first.id, { certificate: certificate() })]);
  await phone.capture();
  expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
  expect(await phone.state(first.id)).toBe('saved');
  phone.clock.advance(60_000);
  expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
  expect(await phone.outbox.record(first.id)).toMatchObject({ state: 'bound', certificate: certificate() });
});

test('14 days without signal, statement keys rotated meanwhile: all is received, in order, once', async () => {
  const phone = await enrolledPhone();
  const day = 24 * 3600 * 1000;
  for (let n = 0; n < 14; n++) {
    for (let i = 0; i < 5; i++) await phone.capture({ udid: `acme-${i}` });
    phone.backend.script.push(async () => ({ ok: false, failure: { kind: 'unreachable' } }));
    await phone.drain({ force: n % 2 === 0 });
    if (n % 4 === 0) await phone.statements.rotate();
    phone.clock.advance(day);
  }
  phone.backend.script.length = 0;
  expect((await phone.outbox.summary()).unsent).toBe(70);
  expect(await phone.drain()).toEqual({ kind: 'done', sent: 70 });
  expect((await phone.outbox.summary()).counts).toEqual({ received: 70 });
  expect(phone.backend.taken.size).toBe(70);
  const rows = (await phone.outbox.page(100)).toSorted((a, b) => a.seq - b.seq);
  expect([...phone.backend.taken.keys()]).toEqual(rows.map((row) => row.digest));
});

test('whatever the network does, nothing is deleted and everything arrives once it is honest', async () => {
  const failure = fc.constantFrom<BackendFailure>(
    { kind: 'unreachable' },
    { kind: 'not_our_backend' },
    { kind: 'signed_out' },
    { kind: 'busy', retryAfterMs: 1000 },
    { kind: 'refused', code: 'internal', detail: '' },
  );
  const night = fc.array(fc.record({ failure, took: fc.boolean(), captures: fc.nat(3) }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(night, async (steps) => {
      const phone = await enrolledPhone();
      let captured = 0;
      for (const step of steps) {
        for (let i = 0; i < step.captures; i++, captured++) await phone.capture({ udid: `acme-${i % 2}` });
        const bad = withBackend(phone.backend, {
          postBatch: async (request) => {
            if (step.took) await phone.backend.answer(request);
            return { ok: false, failure: step.failure };
          },
        });
        await phone.drain({ force: true, backend: bad });
        expect(phone.storage.envelopes.size).toBe(captured);
        expect((await phone.outbox.summary()).unsent).toBe(captured);
      }
      expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: captured });
      expect(phone.backend.taken.size).toBe(captured);
    }),
    { numRuns: 50 },
  );
});
