import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LossReport } from '../../contract/phone.ts';
import { weighLosses } from '../../src/effects/safety/weigh-losses.ts';
import type { OutboxUpkeep } from '../../src/ports/keeping.ts';
import { markerStore } from '../../src/shell/marker.ts';
import { digest, EPOCH } from '../support/records.ts';
import { enrolledPhone, type Phone } from '../sync/phone.ts';

const AT = '2026-01-01T00:00:00.000Z';
const lossOf = (kid: string, from: number, to: number): LossReport => ({
  kid,
  epoch: EPOCH,
  head: to,
  unsent: [{ from, to }],
  lastSeenAt: AT,
  foundAt: AT,
});

/** A phone with `count` records in its outbox, numbered from one. */
async function phoneWith(count: number): Promise<Phone> {
  const phone = await enrolledPhone();
  for (let i = 0; i < count; i++) await phone.capture();
  return phone;
}

async function weigh(phone: Phone, loss: LossReport, torn: readonly string[] = []) {
  const unsentIds: OutboxUpkeep['unsentIds'] = async () => ({
    ids: new Set(phone.storage.rows.keys()),
    torn: new Set(torn),
  });
  const page = phone.outbox.page.bind(phone.outbox);
  const [wipe] = await weighLosses([loss], { unsentIds, page });
  return { lost: wipe?.lost, waiting: wipe?.waiting };
}

describe('what a cleared storage took along', () => {
  it('is nothing where all of it is in the outbox, however often one asks', async () => {
    const phone = await phoneWith(3);
    const loss = lossOf(phone.key.signer.kid, 1, 3);
    for (let i = 0; i < 2; i++) expect(await weigh(phone, loss)).toEqual({ lost: [], waiting: 3 });
  });

  it('is all of it where only copies of what had been sent came back', async () => {
    const phone = await phoneWith(10);
    expect(await weigh(phone, lossOf(phone.key.signer.kid, 11, 13))).toEqual({
      lost: [{ from: 11, to: 13 }],
      waiting: 0,
    });
  });

  it('is what lies between, before and after what came back', async () => {
    const phone = await phoneWith(8);
    for (const [id, { seq }] of phone.storage.rows)
      if ([1, 4, 5].includes(seq)) phone.storage.rows.delete(id);
    expect(await weigh(phone, lossOf(phone.key.signer.kid, 1, 0xffffffff))).toEqual({
      lost: [
        { from: 1, to: 1 },
        { from: 4, to: 5 },
        { from: 9, to: 0xffffffff },
      ],
      waiting: 5,
    });
  });

  it('is not what was saved after the last note outside, and is said to wait', async () => {
    const phone = await phoneWith(5);
    const loss = lossOf(phone.key.signer.kid, 3, 3);
    expect(await weigh(phone, loss)).toEqual({ lost: [], waiting: 3 });
    expect(await weigh(phone, { ...loss, unsent: [] })).toEqual({ lost: [], waiting: 2 });
  });

  it('is not what was put back and sent since', async () => {
    const phone = await phoneWith(3);
    for (const [id, row] of phone.storage.rows)
      if (row.seq < 3) phone.storage.rows.set(id, { ...row, state: 'received' });
    expect(await weigh(phone, lossOf(phone.key.signer.kid, 1, 3))).toEqual({ lost: [], waiting: 1 });
  });

  it('is what another key’s numbers or a row without its envelope do not stand for', async () => {
    const phone = await phoneWith(2);
    expect(await weigh(phone, lossOf(digest(901), 1, 2))).toMatchObject({ lost: [{ from: 1, to: 2 }] });
    const [first] = [...phone.storage.rows.keys()];
    expect(await weigh(phone, lossOf(phone.key.signer.kid, 1, 2), [first ?? ''])).toEqual({
      lost: [{ from: 1, to: 1 }],
      waiting: 1,
    });
  });
});

describe('the losses kept outside the database', () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => kept.set(key, text),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('are read as they were written, and gone when none is left', () => {
    const losses = [lossOf(digest(900), 1, 2), lossOf(digest(901), 3, 4)];
    markerStore.keepLosses(losses);
    expect(markerStore.losses()).toEqual(losses);
    markerStore.keepLosses([]);
    expect(markerStore.losses()).toEqual([]);
    expect(kept.size).toBe(0);
  });

  it('are read as an earlier version wrote its only one', () => {
    const loss = lossOf(digest(900), 1, 2);
    kept.set('fieldbind-loss', JSON.stringify(loss));
    expect(markerStore.losses()).toEqual([loss]);
  });

  it.each(['{', 'null', '7', '[{"kid":1}]', '[[]]'])('are none where %s is there', (text) => {
    kept.set('fieldbind-loss', text);
    expect(markerStore.losses()).toEqual([]);
  });
});
