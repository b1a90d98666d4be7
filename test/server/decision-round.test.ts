import { describe, expect, it } from 'vitest';
import { decisionRound } from '../../server/authority/ra/records/decision-round.ts';
import type { StoredRecord } from '../../server/ports/records.ts';
import { record } from '../ports/store-samples.ts';

const of = (id: string, udid: string | null, changes: Partial<StoredRecord> = {}) =>
  record(id, 1, { udid, payload: { id, device: { publicKey: `key of ${udid ?? id}` } }, ...changes });
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const AT = '2026-05-04T08:00:00.000Z';
const ids = (records: readonly StoredRecord[] | undefined) => records?.map(({ id }) => id);

describe('a run over the queue', () => {
  it('takes one record of each device at a time, and goes on with the next', () => {
    const round = decisionRound();
    const queue = [of('r1', 'a'), of('r2', 'a'), of('r3', 'b')];
    expect(ids(round.next(queue)?.group)).toEqual(['r1', 'r3']);
    expect(ids(round.next(queue.slice(1, 2))?.group)).toEqual(['r2']);
    expect(round.next([])).toBeUndefined();
    expect([...round.kids]).toEqual(['k']);
  });

  it('passes over what failed and what follows it of the same device, and over nothing else', () => {
    const round = decisionRound();
    const queue = [of('r1', 'a'), of('r2', 'a'), of('r3', 'b'), of('r4', null), of('r5', null)];
    expect(ids(round.next(queue)?.group)).toEqual(['r1', 'r3', 'r4', 'r5']);
    // r1 and r4 are still there, so they failed. r4 speaks of no device and blocks nobody.
    expect(ids(round.next([of('r1', 'a'), of('r2', 'a'), of('r4', null), of('r6', 'c')])?.group)).toEqual([
      'r6',
    ]);
    expect(round.passedOver).toBe(3);
    expect(round.next([of('r1', 'a'), of('r2', 'a'), of('r4', null)])).toBeUndefined();
  });

  it('takes one name of each site at a time, and passes over what follows one that failed', () => {
    const site = (id: string, domain: string) => {
      const said = { id: ID, app: '1', capturedAt: AT, domain, site: 'loft', title: 'Loft' };
      const { header } = record(id, 1);
      return record(id, 1, { udid: null, header: { ...header, typ: 'site+jws' }, payload: said });
    };
    const round = decisionRound();
    const queue = [site('r1', 'a.example'), site('r2', 'a.example'), site('r3', 'b.example')];
    expect(ids(round.next(queue)?.group)).toEqual(['r1', 'r3']);
    expect(ids(round.next([site('r1', 'a.example'), site('r2', 'a.example')])?.group)).toBeUndefined();
    expect(round.passedOver).toBe(2);
    expect(ids(decisionRound().next(queue.slice(1))?.group)).toEqual(['r2', 'r3']);
  });

  it('lets what an earlier run began resume alone', () => {
    const next = decisionRound().next([of('r1', 'a', { binding: 'b1' }), of('r2', 'b')]);
    expect([ids(next?.alone), ids(next?.group)]).toEqual([['r1'], ['r2']]);
  });
});
