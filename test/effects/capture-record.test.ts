import { describe, expect, test } from 'vitest';
import { openRecord } from '../../core/envelope.ts';
import { verifyJws } from '../../core/jws.ts';
import { captureRecord, NotEnrolledError } from '../../src/effects/capture-record.ts';
import { codeOf } from '../../src/effects/trouble.ts';
import type { Capture } from '../../src/ports/outbox.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import {
  AUD,
  crypto,
  digest,
  EPOCH,
  makeKey,
  ORG,
  recordId,
  registration,
  START,
} from '../support/records.ts';
import { enrolmentOf, MemoryWork } from '../support/records-backend.ts';

async function phone() {
  const key = await makeKey();
  const storage = new MemoryStorage();
  const capture = new MemoryOutbox(storage);
  const work = new MemoryWork(new Map(), enrolmentOf(key));
  const ports = { capture, work, clock: new FakeClock(), crypto };
  let made = 0;
  const subject = () => {
    made += 1;
    const id = recordId(0x20_0000 + made);
    return {
      id,
      org: ORG,
      udid: 'acme-1',
      domain: 'a.example',
      title: 'Hall',
      about: null,
      simulated: false,
    };
  };
  return { key, storage, capture, work, ports, subject };
}

async function opened(jws: string | undefined) {
  const record = await openRecord(jws ?? '', crypto);
  if (!record.ok) throw new Error(record.code);
  return record;
}

describe('a captured record', () => {
  test('is signed by the operator key and stored as it was signed', async () => {
    const { key, storage, ports, subject } = await phone();
    const about = subject();
    const row = await captureRecord(ports, 'registration+jws', about, registration());
    const record = await opened(storage.envelopes.get(row.id));
    expect(await verifyJws(record.jws, key.spki, crypto)).toBe(true);
    expect(record.header).toMatchObject({
      typ: 'registration+jws',
      kid: key.signer.kid,
      aud: AUD,
      org: ORG,
      epoch: EPOCH,
      seq: 1,
      prev: null,
    });
    expect(row).toMatchObject({
      ...about,
      state: 'saved',
      digest: record.digest,
      createdAt: START,
      size: storage.envelopes.get(row.id)?.length,
    });
    expect(storage.rows.get(row.id)).toEqual(row);
  });

  test('follows the one before, whatever its kind', async () => {
    const { storage, ports, subject } = await phone();
    const first = await captureRecord(ports, 'registration+jws', subject(), {});
    const second = await captureRecord(ports, 'void+jws', subject(), {});
    const record = await opened(storage.envelopes.get(second.id));
    expect(record.header).toMatchObject({ seq: 2, prev: first.digest, typ: 'void+jws' });
  });

  test('names the newest statement the phone holds, or its credential', async () => {
    const { storage, work, ports, subject } = await phone();
    const anchor = async (id: string) => (await opened(storage.envelopes.get(id))).header.anchor;
    const before = await captureRecord(ports, 'void+jws', subject(), {});
    work.newest = digest(5);
    const after = await captureRecord(ports, 'void+jws', subject(), {});
    expect([await anchor(before.id), await anchor(after.id)]).toEqual([digest(77), digest(5)]);
  });

  test('of many at once: one chain without a gap', async () => {
    const { storage, ports, subject } = await phone();
    const rows = await Promise.all(
      Array.from({ length: 10 }, () => captureRecord(ports, 'void+jws', subject(), {})),
    );
    expect(rows.map((row) => row.seq).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const digests = new Map(rows.map((row) => [row.seq, row.digest]));
    for (const row of rows) {
      const record = await opened(storage.envelopes.get(row.id));
      expect(record.header.prev).toBe(digests.get(row.seq - 1) ?? null);
    }
  });
});

describe('a head that moved between reading and writing', () => {
  /** Another tab captures right before each of the first `times` writes. */
  async function raced(times: number) {
    const { ports, storage, subject } = await phone();
    let left = times;
    const capture: Capture = {
      head: (kid) => ports.capture.head(kid),
      append: async (record) => {
        if (left-- > 0) await captureRecord(ports, 'void+jws', subject(), {});
        return ports.capture.append(record);
      },
    };
    // Without the lock: what holds is the check in the writing transaction.
    const { locks } = navigator;
    Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
    try {
      const about = subject();
      const row = await captureRecord({ ...ports, capture }, 'registration+jws', about, {});
      return { row, record: await opened(storage.envelopes.get(row.id)), storage };
    } finally {
      Object.defineProperty(navigator, 'locks', { value: locks, configurable: true });
    }
  }

  test('is signed after again, and stored once', async () => {
    const { row, record, storage } = await raced(4);
    expect(row.seq).toBe(5);
    expect(record.header.seq).toBe(5);
    expect(storage.rows.size).toBe(5);
  });

  test('for ever is given up, and nothing is half-written', async () => {
    await expect(raced(5)).rejects.toMatchObject({ code: 'chain_busy' });
  });
});

describe('what goes wrong', () => {
  test('without enrolment nothing is signed', async () => {
    const { ports, work, storage, subject } = await phone();
    work.enrolled = undefined;
    const attempt = captureRecord(ports, 'void+jws', subject(), {});
    await expect(attempt).rejects.toBeInstanceOf(NotEnrolledError);
    expect(storage.rows.size).toBe(0);
  });

  test("the storage's own error comes through", async () => {
    const { ports, subject } = await phone();
    const full = Object.assign(new Error('full'), { code: 'phone_storage_full' });
    const capture: Capture = {
      ...ports.capture,
      head: async () => Promise.reject(full),
      append: async () => 'stored',
    };
    await expect(captureRecord({ ...ports, capture }, 'void+jws', subject(), {})).rejects.toBe(full);
  });

  test.each([
    [new NotEnrolledError(), 'not_enrolled'],
    [Object.assign(new Error('x'), { code: 'link_lost' }), 'link_lost'],
    [Object.assign(new Error('x'), { code: 'ERR_MODULE' }), 'unexpected'],
    [Object.assign(new Error('x'), { code: 7 }), 'unexpected'],
    [new Error('secret'), 'unexpected'],
    [{ code: 'link_lost' }, 'unexpected'],
    [undefined, 'unexpected'],
  ])('%o is said as %s', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });
});
