import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Claim,
  type DeviceHistory,
  judgeConflict,
} from '../../../server/authority/ra/records/judge-conflict.ts';
import type { SuspensionReason } from '../../../server/ports/device-life.ts';
import {
  bindingWith,
  type Facts,
  facts,
  judgeReads,
  NORTH_DOMAIN,
  SCHOOL,
  SCHOOL_DOMAIN,
  SCHOOL_SCOPE,
  SOUTH,
  SOUTH_DOMAIN,
} from '../../support/judge-reads.ts';

const ABOUT = { udid: 'acme-1', domain: NORTH_DOMAIN };
const PRACTICE = { scope: SCHOOL_SCOPE, org: SCHOOL, domain: SCHOOL_DOMAIN };

let there: Facts;
beforeEach(() => {
  there = facts();
});

type Changes = Parameters<typeof bindingWith>[0];
function bound(changes: Changes = {}) {
  const binding = bindingWith(changes);
  there.bindings.push(binding);
  return binding;
}

/** Claims the device acme-1 for the northern organisation unless told otherwise. */
function judged(changes: Changes = {}, known: Partial<DeviceHistory> = {}) {
  const { id: _, boundAt: __, ...claim } = bindingWith({ state: 'issuing', registration: 'r2', ...changes });
  const as = { former: [], pendingIn: undefined, ...known };
  return judgeConflict(claim satisfies Claim, as, ABOUT, judgeReads(there));
}
const ruled = (ruling: object) => ({ kind: 'ruled', ruling: { about: ABOUT, ...ruling } });
const TAKEN = { outcome: 'refused', code: 'taken_same_org' } as const;
const FOREIGN = { outcome: 'refused', code: 'transfer_case' } as const;

describe('a claim', () => {
  it('is free where nobody has key or name, and where whoever had them has them no more', async () => {
    expect(await judged()).toEqual({ kind: 'free', displaces: [] });
    bound({ endedAt: '2026-02-01T00:00:00.000Z', org: SOUTH });
    expect(await judged()).toEqual({ kind: 'free', displaces: [] });
  });

  it('is for what is bound already if organisation, domain, name and key are the same', async () => {
    const binding = bound({ site: 'hall-1' });
    expect(await judged({ site: 'hall-2' })).toEqual(ruled({ outcome: 'same', binding, keyDigest: 'key-1' }));
  });

  it('waits for an earlier record of the device whose certificate is being issued', async () => {
    bound({ state: 'issuing' });
    await expect(judged()).rejects.toThrow('not finished');
    // One that will be refused need not wait.
    expect(await judged({ domain: 'b.northfield.example' })).toMatchObject({ ruling: TAKEN });
  });

  it.each<[string, Changes]>([
    ['the name with another key', { keyDigest: 'key-9' }],
    ['the key with another name', { udid: 'acme-9' }],
    ['the key with another maker', { maker: 'forge' }],
    ['both in another domain', { domain: 'b.northfield.example' }],
  ])('is taken where the organisation has %s', async (_, changes) => {
    bound(changes);
    expect(await judged()).toMatchObject(ruled(TAKEN));
  });

  it('says to which domain the device is bound, and to which site if there is one', async () => {
    bound({ domain: 'b.northfield.example' });
    expect(await judged()).toMatchObject({ ruling: { detail: 'bound to b.northfield.example' } });
    there.bindings.length = 0;
    bound({ domain: 'b.northfield.example', site: 'hall-3' });
    expect(await judged()).toMatchObject({ ruling: { detail: 'bound to b.northfield.example, hall-3' } });
  });

  it('is taken where key and name are of two bindings, although each half fits', async () => {
    bound({ id: 'b1', keyDigest: 'key-9' });
    bound({ id: 'b2', udid: 'acme-9' });
    expect(await judged()).toMatchObject(ruled(TAKEN));
  });
});

describe('another organisation’s device', () => {
  it.each<[string, Changes, Partial<DeviceHistory>]>([
    ['name and key', {}, {}],
    ['name', { keyDigest: 'key-9' }, {}],
    ['key', { udid: 'acme-9' }, {}],
    [
      'earlier name',
      { maker: 'forge', udid: 'forge-9', keyDigest: 'key-9' },
      { former: [{ maker: 'forge', udid: 'forge-9' }] },
    ],
  ])('is a transfer case over the binding with this %s', async (_, changes, known) => {
    bound({ id: 'b7', org: SOUTH, domain: SOUTH_DOMAIN, ...changes });
    const effect = { kind: 'transfer_case', binding: 'b7' };
    expect(await judged({}, known)).toEqual(ruled({ ...FOREIGN, effect }));
  });

  it('is that before it is anything else: taken, or not finished', async () => {
    bound({ id: 'b1', state: 'issuing' });
    bound({ id: 'b7', org: SOUTH, domain: SOUTH_DOMAIN, udid: 'acme-9', state: 'issuing' });
    there.bindings.reverse();
    const split = await judged({ udid: 'acme-9' });
    expect(split).toMatchObject({ ruling: { ...FOREIGN, effect: { binding: 'b7' } } });
  });
});

describe('a device that was renamed', () => {
  const former = [
    { maker: 'forge', udid: 'forge-9' },
    { maker: 'mint', udid: 'mint-9' },
  ];

  it('is taken under each of its names, the same key or not', async () => {
    for (const { maker, udid } of former) {
      there.bindings.length = 0;
      bound({ maker, udid, keyDigest: 'key-9' });
      expect(await judged({}, { former })).toMatchObject(ruled(TAKEN));
      bound({ id: 'b2' });
      expect(await judged({}, { former })).toMatchObject(ruled(TAKEN));
      expect(await judged()).toMatchObject({ ruling: { outcome: 'same' } });
    }
  });

  it('counts one binding once, by whichever name and key it is found', async () => {
    const binding = bound(PRACTICE);
    const names = [{ maker: 'acme', udid: 'acme-1' }, ...former];
    expect(await judged({}, { former: names })).toEqual({ kind: 'free', displaces: [binding] });
  });
});

describe('a key that is pending', () => {
  it('is the device’s own in that binding, and its certificate is the one that is handed out', async () => {
    const binding = bound();
    const next = { keyDigest: 'key-2' };
    expect(await judged(next, { pendingIn: 'b1' })).toEqual(
      ruled({ outcome: 'same', binding, keyDigest: 'key-2' }),
    );
    expect(await judged(next)).toMatchObject(ruled(TAKEN));
    expect(await judged(next, { pendingIn: 'b9' })).toMatchObject(ruled(TAKEN));
    const elsewhere = { ...next, domain: 'b.northfield.example' };
    expect(await judged(elsewhere, { pendingIn: 'b1' })).toMatchObject(ruled(TAKEN));
  });
});

describe('practice', () => {
  it('ends where a real claim comes, all of it', async () => {
    const byName = bound({ id: 'b1', ...PRACTICE, keyDigest: 'key-9' });
    const byKey = bound({ id: 'b2', ...PRACTICE, org: 'academy', scope: 'training:academy', udid: 'acme-9' });
    const conflict = await judged();
    expect(
      conflict.kind === 'free' && [...conflict.displaces].sort((a, b) => a.id.localeCompare(b.id)),
    ).toEqual([byName, byKey]);
  });

  it('ends none while the real claim itself is refused', async () => {
    bound({ id: 'b1', ...PRACTICE, keyDigest: 'key-9' });
    bound({ id: 'b2', org: SOUTH, domain: SOUTH_DOMAIN, udid: 'acme-9' });
    expect(await judged()).toMatchObject({ kind: 'ruled', ruling: FOREIGN });
  });

  it('is refused on a device that is bound for real, and opens no case over it', async () => {
    for (const org of [SOUTH, SCHOOL]) {
      there.bindings.length = 0;
      bound({ org });
      expect(await judged(PRACTICE)).toEqual(ruled(FOREIGN));
    }
  });

  it('of another training organisation is a case like any other, and one’s own is the same', async () => {
    bound({ id: 'b7', org: 'academy', scope: 'training:academy' });
    expect(await judged(PRACTICE)).toEqual(
      ruled({ ...FOREIGN, effect: { kind: 'transfer_case', binding: 'b7' } }),
    );
    there.bindings.length = 0;
    const binding = bound(PRACTICE);
    expect(await judged(PRACTICE)).toMatchObject({ ruling: { outcome: 'same', binding } });
  });
});

describe('a device that its organisation has suspended', () => {
  const suspend = (binding: string, reason: SuspensionReason) =>
    there.suspensions.push({ binding, reason, at: '2026-02-01T00:00:00.000Z', by: 'sam' });
  const SUSPENDED = { outcome: 'held', code: 'device_suspended' } as const;

  it.each<[SuspensionReason, string]>([
    ['lost', 'reported lost since'],
    ['maintenance', 'in maintenance since'],
    ['put_back', 'on hold for a newer paper since'],
  ])('as %s is held when it turns up, and it is said where', async (reason, words) => {
    bound({ site: 'hall-1' });
    suspend('b1', reason);
    const conflict = await judged({ site: 'hall-2' });
    expect(conflict).toMatchObject(ruled(SUSPENDED));
    expect(conflict.kind === 'ruled' && 'detail' in conflict.ruling && conflict.ruling.detail).toMatch(
      new RegExp(`${words}.*seen at .*hall-2`),
    );
  });

  it.each<[string, Changes]>([
    ['in another domain', { domain: 'b.northfield.example' }],
    ['with another key', { keyDigest: 'key-9' }],
    ['under another name', { udid: 'acme-9' }],
  ])('is held %s of its organisation too', async (_, changes) => {
    bound();
    suspend('b1', 'lost');
    expect(await judged(changes)).toMatchObject(ruled(SUSPENDED));
  });

  it('by the key that waits to be shown', async () => {
    bound();
    suspend('b1', 'lost');
    expect(await judged({ keyDigest: 'key-2' }, { pendingIn: 'b1' })).toMatchObject(ruled(SUSPENDED));
  });

  it('is a case for another organisation, which learns nothing of it', async () => {
    bound({ org: SOUTH, domain: SOUTH_DOMAIN });
    suspend('b1', 'lost');
    expect(await judged()).toEqual(ruled({ ...FOREIGN, effect: { kind: 'transfer_case', binding: 'b1' } }));
  });

  it('is free once its binding has ended, and the same once it is resumed', async () => {
    const binding = bound();
    expect(await judged()).toMatchObject({ ruling: { outcome: 'same', binding } });
    there.bindings.length = 0;
    bound({ endedAt: '2026-02-02T00:00:00.000Z' });
    suspend('b1', 'lost');
    expect(await judged()).toMatchObject({ kind: 'free' });
  });
});
