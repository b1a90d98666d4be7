import { describe, expect, test } from 'vitest';
import type { BatchResponse, RecordResult } from '../../contract/batch.ts';
import type { Receipt } from '../../contract/statement.ts';
import { openRecord } from '../../core/envelope.ts';
import { extendStatementKeys } from '../../core/statement.ts';
import { AUD, crypto, digest, makeKey, recordId } from '../support/records.ts';
import { type BatchStep, receiptFor } from '../support/records-backend.ts';
import { TestStatements } from '../support/records-statements.ts';
import { enrolledPhone, type Phone } from './phone.ts';

/** An answer that is honest but for its results. */
const lying =
  (change: (honest: BatchResponse) => Promise<readonly RecordResult[]>): BatchStep =>
  async (_, honest) => {
    const answer = await honest();
    return { ok: true, value: { ...answer, results: [...(await change(answer))] } };
  };

async function receiptOf(phone: Phone, change: Partial<Receipt>, by = phone.statements): Promise<string> {
  const [jws = ''] = phone.backend.batches.at(-1)?.records ?? [];
  const opened = await openRecord(jws, crypto);
  if (!opened.ok) throw new Error('the phone sent no record');
  return by.sign('receipt+jws', receiptFor(opened, change));
}

describe('an answer that proves nothing', () => {
  type Lie = [string, (phone: Phone, honest: RecordResult) => Promise<readonly RecordResult[]>];
  const lies: Lie[] = [
    ['no result at all', async () => []],
    ['a result without receipt', async (_, { digest: ours }) => [{ digest: ours, status: 'received' }]],
    ['another digest', async (_, honest) => [{ ...honest, digest: digest(404) }]],
    ['no digest', async (_, honest) => [{ ...honest, digest: null }]],
    ['a receipt that is no JWS', async (_, honest) => [{ ...honest, receipt: 'a.b.c' }]],
    [
      'a receipt by a stranger who names our key',
      async (phone, honest) => {
        const stranger = await makeKey();
        const signer = { ...stranger.signer, kid: phone.statements.active.signer.kid };
        const forged = new TestStatements();
        forged.keys.push({ ...stranger, signer });
        return [{ ...honest, receipt: await receiptOf(phone, {}, forged) }];
      },
    ],
    [
      'a receipt by an unknown key that nobody vouches for',
      async (phone, honest) => [
        { ...honest, receipt: await receiptOf(phone, {}, await TestStatements.create()) },
      ],
    ],
    ...[
      { words: 'for another installation', change: { aud: 'elsewhere.example' } },
      { words: 'for another record', change: { id: recordId(404) } },
      { words: 'for another digest', change: { digest: digest(404) } },
      { words: 'for another key', change: { kid: digest(404) } },
      { words: 'for another place in the chain', change: { seq: 404 } },
      { words: 'that says rejected', change: { status: 'rejected' as const } },
    ].map(({ words, change }): Lie => {
      return [
        `a receipt ${words}`,
        async (phone, honest) => [{ ...honest, receipt: await receiptOf(phone, change) }],
      ];
    }),
    [
      'a statement of another type',
      async (phone, honest) => {
        const receipt = await phone.statements.sign('credential+jws', { aud: AUD });
        return [{ ...honest, receipt }];
      },
    ],
    [
      'a rejection whose receipt says received',
      async (_, honest) => [{ ...honest, status: 'rejected', code: 'chain_fork' }],
    ],
    [
      'a rejection that must have a receipt and has none',
      async (_, { digest: ours }) => [{ digest: ours, status: 'rejected', code: 'chain_fork' }],
    ],
    ['a rejection without code', async (_, { digest: ours }) => [{ digest: ours, status: 'rejected' }]],
    [
      'a rejection of something else',
      async () => [{ digest: digest(404), status: 'rejected', code: 'bad_signature' }],
    ],
  ];

  test.each(lies)('%s: the record stays, and goes again', async (_, lie) => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.backend.script.push(
      lying(async ({ results: [honest] }) => {
        if (honest === undefined) throw new Error('one record was sent');
        return lie(phone, honest);
      }),
    );
    expect(await phone.drain()).toMatchObject({ kind: 'stopped', sent: 0 });
    expect(await phone.outbox.record(row.id)).toMatchObject({ state: 'saved', attempts: 1 });
    expect(phone.storage.receipts.size).toBe(0);
    expect(phone.storage.envelopes.has(row.id)).toBe(true);
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 1 });
    expect(await phone.state(row.id)).toBe('received');
  });

  test('receipts of two records swapped count for neither', async () => {
    const phone = await enrolledPhone();
    const rows = [await phone.capture(), await phone.capture()];
    phone.backend.script.push(lying(async ({ results }) => results.toReversed()));
    expect(await phone.drain()).toMatchObject({ kind: 'stopped', sent: 0 });
    for (const { id } of rows) expect(await phone.state(id)).toBe('saved');
  });

  test('a result missing for one does not hold the others up', async () => {
    const phone = await enrolledPhone();
    const rows = [await phone.capture(), await phone.capture()];
    phone.backend.script.push(lying(async ({ results }) => results.slice(0, 1)));
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 2 });
    for (const { id } of rows) expect(await phone.state(id)).toBe('received');
  });
});

describe('a statement key that is new to the phone', () => {
  test('is fetched along its chain, once, and kept', async () => {
    const phone = await enrolledPhone();
    const rows = [await phone.capture(), await phone.capture()];
    await phone.statements.rotate();
    await phone.statements.rotate();
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 2 });
    for (const { id } of rows) expect(await phone.state(id)).toBe('received');
    expect(phone.backend.calls.filter((call) => call === 'statement-keys')).toHaveLength(1);
    expect(phone.work.keys).toEqual(phone.statements.known());
  });

  test('that cannot be fetched now leaves the record, and the next drain succeeds', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    await phone.statements.rotate();
    phone.backend.keysFailure = { kind: 'unreachable' };
    expect(await phone.drain()).toMatchObject({ kind: 'stopped', sent: 0 });
    expect(await phone.outbox.record(row.id)).toMatchObject({
      state: 'saved',
      fault: { code: 'receipt_unverified' },
    });
    phone.backend.keysFailure = undefined;
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 1 });
  });

  test('is never taken as a first pin here, whatever the network says', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.work.keys = new Map();
    expect(await phone.drain()).toMatchObject({ kind: 'stopped', sent: 0 });
    expect(await phone.state(row.id)).toBe('saved');
    expect(phone.work.keys.size).toBe(0);
    expect(phone.backend.calls).not.toContain('statement-keys');
  });
});

describe('a record the server cannot take', () => {
  test('stays on the phone with the code, and the others go', async () => {
    const phone = await enrolledPhone();
    const [bad, good] = [await phone.capture(), await phone.capture()];
    phone.backend.script.push(
      lying(async ({ results }) =>
        results.map((result) =>
          result.digest === bad.digest
            ? { digest: bad.digest, status: 'rejected', code: 'payload_invalid' }
            : result,
        ),
      ),
    );
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(await phone.outbox.record(bad.id)).toMatchObject({ state: 'rejected', code: 'payload_invalid' });
    expect(phone.storage.envelopes.has(bad.id)).toBe(true);
    expect(await phone.state(good.id)).toBe('received');
    await phone.drain({ force: true });
    expect(phone.backend.batches).toHaveLength(1);
  });
});

describe('a statement key that has ended', () => {
  test('signs for no record: a forged receipt of today drops nothing that is to be sent', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    const stolen = phone.statements.active;
    await phone.statements.rotate();
    await phone.statements.end(stolen);
    phone.work.keys = await extendStatementKeys(phone.work.keys, phone.statements.chain, AUD, crypto);
    const thief = new TestStatements();
    thief.keys.push(stolen);
    phone.backend.script.push(
      lying(async ({ results: [honest] }) =>
        honest === undefined ? [] : [{ ...honest, receipt: await receiptOf(phone, {}, thief) }],
      ),
    );
    expect(await phone.drain()).toMatchObject({ kind: 'stopped', sent: 0 });
    expect(await phone.outbox.record(row.id)).toMatchObject({
      state: 'saved',
      fault: { code: 'receipt_unverified' },
    });
    expect(await phone.drain({ force: true })).toEqual({ kind: 'done', sent: 1 });
  });

  test('is learned with the next one, whose first receipt is the first word of it', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    const stolen = phone.statements.active;
    await phone.statements.rotate();
    await phone.statements.end(stolen);
    expect(await phone.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(await phone.state(row.id)).toBe('received');
    expect(phone.work.keys.get(stolen.signer.kid)).toHaveLength(0);
  });
});
