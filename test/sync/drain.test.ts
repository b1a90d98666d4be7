import { describe, expect, test } from 'vitest';
import { BatchRequest } from '../../contract/batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import { parse } from '../../contract/parse.ts';
import type { BackendFailure } from '../../src/ports/backend.ts';
import { certificate, change, crypto, EPOCH, makeKey, ORG } from '../support/records.ts';
import { enrolmentOf } from '../support/records-backend.ts';
import { enrolledPhone } from './phone.ts';

describe('a good connection', () => {
  test('sends what waits, and each record is received once its receipt verified', async () => {
    const phone = await enrolledPhone();
    const rows = [await phone.capture(), await phone.capture()];
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 2 });
    for (const { id } of rows) {
      expect(await phone.outbox.record(id)).toMatchObject({
        state: 'received',
        receivedAt: '2026-01-02T00:00:00.000Z',
      });
      expect(phone.storage.receipts.get(id)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    }
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 0 });
    expect(phone.backend.batches).toHaveLength(1);
  });

  test('the request fits the contract and reports the newest record of the chain', async () => {
    const phone = await enrolledPhone();
    const first = await phone.capture({ udid: 'a' });
    await phone.drain();
    const waiting = await phone.capture({ udid: 'b' });
    const last = await phone.capture({ udid: 'c' });
    // A lease of another tab keeps the newest one back: it is reported all the same.
    await phone.outbox.settle([]);
    const leaseUntil = phone.clock.now() + 60_000;
    phone.storage.rows.set(last.id, { ...last, state: 'sending', leaseOwner: 'other', leaseUntil });
    await phone.drain();
    const [, request] = phone.backend.batches;
    expect(parse(BatchRequest, request)).toBe(request);
    expect(request?.records).toHaveLength(1);
    expect(request?.head).toEqual({
      kid: phone.key.signer.kid,
      seq: 3,
      digest: last.digest,
      epoch: EPOCH,
      unsent: 1,
      oldestUnsentAt: new Date(waiting.createdAt).toISOString(),
    });
    expect(first.seq).toBe(1);
  });

  test('more than one batch holds goes in several, none over the bounds, none twice', async () => {
    const phone = await enrolledPhone();
    for (let i = 0; i < 250; i++) await phone.capture();
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 250 });
    expect(phone.backend.batches.map((batch) => batch.records.length)).toEqual([MAX_BATCH_RECORDS, 100, 50]);
    expect(new Set(phone.backend.batches.flatMap((batch) => batch.records)).size).toBe(250);
  });

  test('large records are split by size', async () => {
    const phone = await enrolledPhone();
    for (let i = 0; i < 20; i++) await phone.capture({ pad: 20_000 });
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 20 });
    const sizes = phone.backend.batches.map((batch) => JSON.stringify(batch).length);
    expect(sizes.length).toBeGreaterThan(1);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(MAX_BATCH_BYTES);
  });

  test('then fetches what was decided, page by page, and remembers where it stopped', async () => {
    const phone = await enrolledPhone();
    const rows = [await phone.capture(), await phone.capture(), await phone.capture()];
    phone.backend.changesByOrg.set(
      ORG,
      rows.map(({ id }) => change(id, { certificate: certificate() })),
    );
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 3 });
    for (const { id } of rows) expect(await phone.state(id)).toBe('bound');
    expect(await phone.outbox.cursor(ORG)).toBe('3');
    await phone.drain();
    expect(phone.backend.calls).toEqual([
      'records',
      `changes ${ORG} `,
      `changes ${ORG} 2`,
      `changes ${ORG} 3`,
    ]);
  });

  test('a backend that says "more" without moving on is not asked for ever', async () => {
    const phone = await enrolledPhone();
    phone.backend.changes = async () => ({
      ok: true,
      value: { nonce: 'n', cursor: '', more: true, changes: [] },
    });
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 0 });
  });

  test('every organisation of the credential is asked', async () => {
    const phone = await enrolledPhone();
    const enrolment = enrolmentOf(phone.key);
    const memberships = [ORG, 'other-org'].map((org) => ({
      org,
      title: org,
      role: 'installer' as const,
      training: false,
    }));
    phone.work.enrolled = { ...enrolment, credential: { ...enrolment.credential, memberships } };
    await phone.drain();
    expect(phone.backend.calls).toEqual([`changes ${ORG} `, 'changes other-org ']);
  });
});

test('a phone that was never enrolled asks nobody', async () => {
  const phone = await enrolledPhone();
  phone.work.enrolled = undefined;
  expect(await phone.drain()).toEqual({ kind: 'nothing_to_do' });
  expect(phone.backend.calls).toEqual([]);
});

test('a record signed by the key before goes with the new enrolment', async () => {
  const phone = await enrolledPhone();
  const row = await phone.capture();
  phone.work.enrolled = enrolmentOf(await makeKey());
  expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
  expect(await phone.state(row.id)).toBe('received');
  expect(phone.backend.batches[0]?.head).toMatchObject({ seq: 0, digest: null });
});

describe('no good answer', () => {
  test.each<[BackendFailure, string]>([
    [{ kind: 'unreachable' }, 'no_answer'],
    [{ kind: 'not_our_backend' }, 'not_our_backend'],
    [{ kind: 'signed_out' }, 'signed_out'],
    [{ kind: 'busy', retryAfterMs: 7000 }, 'busy'],
    [{ kind: 'refused', code: 'internal', detail: '' }, 'answer_invalid'],
  ])('%j: nothing is lost, the reason is kept, and the next drain sends it', async (failure, code) => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.backend.script.push(async () => ({ ok: false, failure }));
    expect(await phone.drain()).toEqual({ kind: 'stopped', sent: 0, failure });
    expect(await phone.outbox.record(row.id)).toMatchObject({
      state: 'saved',
      attempts: 1,
      fault: { code, at: phone.clock.now() },
      leaseOwner: null,
    });
    // What was decided is not asked for where nothing could be sent.
    expect(phone.backend.calls).toEqual(['records']);
    phone.clock.advance(7000);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(await phone.state(row.id)).toBe('received');
  });

  test('a time the server names wins over the back-off, and a tap over both', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.backend.script.push(async () => ({ ok: false, failure: { kind: 'busy', retryAfterMs: 7000 } }));
    await phone.drain();
    expect((await phone.outbox.record(row.id))?.nextAt).toBe(phone.clock.now() + 7000);
    phone.clock.advance(6999);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 0 });
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 1 });
  });

  test('records that did not fit the batch are not left looking as if on their way', async () => {
    const phone = await enrolledPhone();
    for (let i = 0; i < 20; i++) await phone.capture({ pad: 20_000 });
    phone.backend.script.push(async () => ({ ok: false, failure: { kind: 'unreachable' } }));
    await phone.drain();
    expect((await phone.outbox.summary()).counts).toEqual({ saved: 20 });
  });

  test('a failure while fetching outcomes keeps the cursor and what was sent', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.backend.changesFailure = { kind: 'unreachable' };
    expect(await phone.drain()).toEqual({ kind: 'stopped', sent: 1, failure: { kind: 'unreachable' } });
    expect(await phone.state(row.id)).toBe('received');
    expect(await phone.outbox.cursor(ORG)).toBe('');
  });
});

test('back-off times come from the random port, within their bounds', async () => {
  for (const [byte, expected] of [
    [0, 0],
    [128, 1000],
    [255, 1992],
  ] as const) {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.backend.script.push(async () => ({ ok: false, failure: { kind: 'unreachable' } }));
    await phone.drain({ crypto: { ...crypto, random: (length) => new Uint8Array(length).fill(byte) } });
    expect((await phone.outbox.record(row.id))?.nextAt).toBe(phone.clock.now() + expected);
  }
});
