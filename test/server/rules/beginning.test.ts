import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Belongings, beginningError, judgeBeginning } from '../../../server/config/beginning.ts';

const WHOLE: Belongings = {
  keys: ['statement-1', 'root', 'northfield'],
  mark: { aud: 'fieldbind:1', starts: 3, seal: 7 },
  database: { aud: 'fieldbind:1', kids: ['k1'], starts: 3, seal: 7, isPutBack: false },
  hollow: false,
  statementKid: 'k1',
};
const NOTHING: Belongings = {
  keys: [],
  mark: undefined,
  database: undefined,
  hollow: false,
  statementKid: undefined,
};
const { database } = WHOLE;
if (database === undefined) throw new Error('the sample has a database');

describe('a beginning', () => {
  it.each<[string, Partial<Belongings>, ReturnType<typeof judgeBeginning>]>([
    ['whole', {}, undefined],
    ['of an older version, whose keys say nothing', { mark: undefined }, undefined],
    [
      'further on than its keys know, as after a kill',
      { database: { ...database, starts: 9, seal: 90 } },
      undefined,
    ],
    ['without database', { database: undefined }, 'database_missing'],
    [
      'without database, of which a mark alone is left',
      { database: undefined, keys: [] },
      'database_missing',
    ],
    [
      'with an issuing key alone',
      { database: undefined, keys: ['northfield'], mark: undefined },
      'database_missing',
    ],
    ['without keys', { keys: [], mark: undefined, statementKid: undefined }, 'keys_missing'],
    ['without its newest statement key', { statementKid: undefined }, 'keys_missing'],
    ['with keys of another', { statementKid: 'k2' }, 'keys_of_another'],
    ['with the mark of another', { mark: { aud: 'fieldbind:2', starts: 0, seal: 0 } }, 'keys_of_another'],
    ['that lacks a start', { database: { ...database, starts: 2 } }, 'database_behind'],
    [
      'that lacks a seal, with more starts',
      { database: { ...database, starts: 4, seal: 6 } },
      'database_behind',
    ],
    ['older than its first statement key', { database: { ...database, kids: [] } }, 'database_behind'],
    [
      'older than its first statement key, and unmarked',
      { database: { ...database, kids: [] }, mark: undefined },
      'database_behind',
    ],
  ])('%s', (_, change, code) => {
    expect(judgeBeginning({ ...WHOLE, ...change }, true)).toBe(code);
    expect(judgeBeginning({ ...WHOLE, ...change }, false)).toBe(code);
  });

  it('is opened where a copy was put back on purpose and the keys were not told yet', () => {
    const database = { aud: 'fieldbind:1', kids: ['k1'], starts: 1, seal: 2, isPutBack: true };
    expect(judgeBeginning({ ...WHOLE, database }, true)).toBeUndefined();
    expect(judgeBeginning({ ...WHOLE, database: { ...database, aud: 'fieldbind:2' } }, true)).toBe(
      'keys_of_another',
    );
  });

  it('is made where nothing is, by whoever may, and continued where a first start was cut off', () => {
    expect(judgeBeginning(NOTHING, true)).toBeUndefined();
    expect(judgeBeginning(NOTHING, false)).toBe('nothing_begun');
    expect(judgeBeginning({ ...NOTHING, hollow: true }, true)).toBe('database_hollow');
    const named = { aud: 'fieldbind:1', kids: [], starts: 0, seal: 0, isPutBack: false };
    expect(judgeBeginning({ ...NOTHING, database: named }, true)).toBeUndefined();
    expect(judgeBeginning({ ...NOTHING, database: named, keys: ['statement-1'] }, true)).toBeUndefined();
  });

  it('is never new where any key, mark or page is left, whatever else there is', () => {
    const some = fc.record({
      keys: fc.array(fc.constantFrom('statement-1', 'root', 'northfield', 'ocsp_northfield')),
      mark: fc.option(fc.constant({ aud: 'fieldbind:1', starts: 1, seal: 1 }), { nil: undefined }),
      hollow: fc.boolean(),
    });
    fc.assert(
      fc.property(some, (left) => {
        const isEmpty = left.keys.length === 0 && left.mark === undefined && !left.hollow;
        expect(judgeBeginning({ ...NOTHING, ...left }, true) === undefined).toBe(isEmpty);
      }),
    );
  });

  it('is refused in words that name a way out', () => {
    const where = { data: '/d', keys: '/d/keys', database: '/d/fieldbind.sqlite' };
    for (const code of [
      'nothing_begun',
      'database_missing',
      'database_hollow',
      'keys_missing',
      'keys_of_another',
      'database_behind',
    ] as const)
      expect(beginningError(code, where).message).toMatch(/restore|begin --anew/);
  });
});
