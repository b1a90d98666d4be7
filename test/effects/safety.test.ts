import { describe, expect, test } from 'vitest';
import type { LossReport } from '../../contract/phone.ts';
import { parseJws } from '../../core/jws.ts';
import { findLosses } from '../../src/effects/safety/find-losses.ts';
import { Safety } from '../../src/effects/safety/safety.ts';
import { skipRejected } from '../../src/effects/safety/skip-rejected.ts';
import { voidRecord } from '../../src/effects/void-record.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import type { JournalEntry, Marker, MarkerStore, OutboxUpkeep } from '../../src/ports/keeping.ts';
import { FakeClock } from '../support/device-clock.ts';
import { crypto, digest, EPOCH } from '../support/records.ts';
import { enrolledPhone, type Phone } from '../sync/phone.ts';

const AT = '2026-01-01T00:00:00.000Z';
const OTHER = '00000000-0000-4000-8000-000000000001';
const marker = (over: Partial<Marker> = {}): Marker => ({
  kid: digest(900),
  epoch: EPOCH,
  head: 42,
  unsent: [{ from: 31, to: 42 }],
  at: AT,
  ...over,
});

function memoryMarker(first?: Marker): MarkerStore {
  let kept = first;
  let losses: readonly LossReport[] = [];
  return {
    read: () => kept,
    write: (next) => {
      kept = next;
    },
    losses: () => losses,
    keepLosses: (next) => {
      losses = next;
    },
  };
}

describe('a cleared storage', () => {
  test('is none on a new phone, nor where the marker fits', () => {
    expect(findLosses(memoryMarker(), undefined, 0)).toEqual([]);
    expect(findLosses(memoryMarker(marker()), EPOCH, 0)).toEqual([]);
  });

  test.each([undefined, OTHER])('is found with its numbers where the epoch is %s', (epoch) => {
    const found = {
      kid: digest(900),
      epoch: EPOCH,
      head: 42,
      unsent: [{ from: 31, to: 42 }],
      lastSeenAt: AT,
      foundAt: '2026-01-01T00:00:01.000Z',
    };
    expect(findLosses(memoryMarker(marker()), epoch, Date.parse(AT) + 1000)).toEqual([found]);
  });

  test('stays until it was told, once, and a second one stands beside it', () => {
    const store = memoryMarker(marker());
    findLosses(store, undefined, 0);
    expect(findLosses(store, undefined, 1)).toHaveLength(1);
    store.write(marker({ epoch: OTHER, head: 44, unsent: [{ from: 43, to: 44 }] }));
    expect(findLosses(store, undefined, 0).map(({ head }) => head)).toEqual([42, 44]);
    expect(store.losses()).toHaveLength(2);
  });

  test('is one of five at most: the one with the fewest numbers gives way', () => {
    const store = memoryMarker();
    for (const [i, to] of [3, 1, 9, 2, 1, 5].entries()) {
      store.write(marker({ epoch: `00000000-0000-4000-8000-00000000000${i}`, unsent: [{ from: 1, to }] }));
      findLosses(store, undefined, 0);
    }
    expect(store.losses().map(({ unsent }) => unsent[0]?.to)).toEqual([3, 9, 2, 1, 5]);
  });

  test.each<[BackendResult<null>, boolean]>([
    [{ ok: true, value: null }, true],
    [{ ok: false, failure: { kind: 'unreachable' } }, false],
    [{ ok: false, failure: { kind: 'signed_out' } }, false],
    // A stranger to its operator signed in: one who may say it still can, later.
    [{ ok: false, failure: { kind: 'refused', code: 'not_found', detail: '' } }, false],
  ])('is told until the backend answers %j', async (answer, told) => {
    const store = memoryMarker(marker());
    const safety = safetyWith(store, async () => answer);
    expect(await safety.findLosses()).toHaveLength(1);
    await safety.tellLosses();
    expect(store.losses()).toHaveLength(told ? 0 : 1);
  });

  test('is told beside another one that nobody here may tell, and that one is kept', async () => {
    const store = memoryMarker(marker());
    const refused = { ok: false, failure: { kind: 'refused', code: 'not_found', detail: '' } } as const;
    const told: string[] = [];
    const safety = safetyWith(store, async ({ epoch }) => {
      told.push(epoch);
      return epoch === EPOCH ? refused : { ok: true, value: null };
    });
    await safety.findLosses();
    store.write(marker({ kid: digest(901), epoch: OTHER }));
    await safety.findLosses();
    await safety.tellLosses();
    expect(told).toEqual([EPOCH, OTHER]);
    expect(store.losses()).toMatchObject([{ epoch: EPOCH }]);
  });
});

function safetyWith(
  store: MarkerStore,
  reportLoss: (loss: LossReport) => Promise<BackendResult<null>>,
): Safety {
  return new Safety({
    marker: store,
    outbox: {} as never,
    work: { enrolment: async () => undefined },
    journal: async () => undefined,
    backend: { reportLoss },
    clock: new FakeClock(),
    epoch: async () => undefined,
    fillReserve: async () => true,
  });
}

/** The keepers' side over the test phone's storage. */
function keepingOf(phone: Phone): OutboxUpkeep {
  const entries = (): JournalEntry[] =>
    [...phone.storage.rows.values()]
      .filter(({ state }) => ['saved', 'sending', 'rejected'].includes(state))
      .map((row) => ({ row, jws: phone.storage.envelopes.get(row.id) ?? '' }));
  return {
    unsent: async () => entries(),
    unsentIds: async () => ({ ids: new Set(entries().map(({ row }) => row.id)), torn: new Set() }),
    recount: async () => undefined,
    restore: async () => undefined,
    unsentNumbers: async () => [],
  };
}

describe('a record that the backend could not take', () => {
  const skipsOf = (phone: Phone) => {
    const journal = async () => undefined;
    const ports = { capture: phone.outbox, journal, work: phone.work, clock: phone.clock, crypto };
    const view = { ...keepingOf(phone), ofDevice: (udid: string) => phone.outbox.ofDevice(udid) };
    return skipRejected(ports, view, '1.0.0');
  };

  test('has its number explained by a signed skip, once', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.storage.rows.set(row.id, { ...row, state: 'rejected', code: 'bad_signature' });
    expect(await skipsOf(phone)).toBe(1);
    expect(await skipsOf(phone)).toBe(0);
    const skip = (await phone.outbox.ofDevice(row.udid)).find(({ typ }) => typ === 'skip+jws');
    expect(skip).toMatchObject({ typ: 'skip+jws', state: 'saved', about: row.id, seq: 2 });
    const { payload } = parseJws(phone.storage.envelopes.get(skip?.id ?? '') ?? '') ?? {};
    expect(payload).toMatchObject({ of: row.id, seq: 1, digest: row.digest, code: 'bad_signature' });
  });

  test('needs none where the backend keeps it with its reason', async () => {
    const phone = await enrolledPhone();
    const row = await phone.capture();
    phone.storage.rows.set(row.id, { ...row, state: 'rejected', code: 'org_not_entitled' });
    expect(await skipsOf(phone)).toBe(0);
  });
});

test('undo is a record of its own that names the one taken back', async () => {
  const phone = await enrolledPhone();
  const row = await phone.capture();
  const ports = { capture: phone.outbox, work: phone.work, clock: phone.clock, crypto };
  const undo = await voidRecord(ports, row, 'undone', '1.0.0');
  expect(undo).toMatchObject({ typ: 'void+jws', about: row.id, udid: row.udid, seq: 2, state: 'saved' });
  const { payload } = parseJws(phone.storage.envelopes.get(undo.id) ?? '') ?? {};
  expect(payload).toMatchObject({ of: row.id, udid: row.udid, reason: 'undone' });
  expect(await phone.state(row.id)).toBe('saved');
});
