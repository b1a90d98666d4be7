import { beforeEach, describe, expect, it } from 'vitest';
import { fromInstant } from '../../../core/instant.ts';
import { tombstoneDigests } from '../../../core/list-lookup.ts';
import { decideTransfer, offerDevice } from '../../../server/authority/ra/custody/decide-transfer.ts';
import {
  resumeDevice,
  retireDevice,
  suspendDevice,
} from '../../../server/authority/ra/custody/device-life.ts';
import { deviceStates } from '../../../server/authority/ra/custody/device-state.ts';
import { replaceDevice } from '../../../server/authority/ra/custody/replace-device.ts';
import { liftTombstones, revokeDevice } from '../../../server/authority/ra/custody/revoke-device.ts';
import type { IssuerName } from '../../../server/ports/issuer-name.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  certificateWith,
  day,
  FIRST,
  intentWith,
  lineageWith,
  listed,
  NORTH,
  NORTH_DOMAIN,
  received,
  SCHOOL,
  SCHOOL_SCOPE,
  SECOND,
  SOUTH,
} from '../../support/judge-reads.ts';
import { type Ledger, ledger, listsOver, ruleStores, transactOver } from '../../support/rule-stores.ts';
import { makeDevice, registrationOf, type TestDevice } from '../../support/server-device.ts';

const OLD_CA = NORTH as IssuerName;
const NEW_CA = 'northfield_2' as IssuerName;
const DEVICE = { org: NORTH, maker: 'acme', udid: 'acme-1' };
const WORD = { by: 'vera', because: 'so it is' };

let there: Ledger;
let device: TestDevice;
let taken: string[];
beforeEach(async () => {
  there = ledger();
  taken = [];
  device = await makeDevice({ udid: 'acme-1' });
  // Bound by a registration, with certificates of two generations of the issuing CA.
  const place = { photos: [], position: 'rack 4' };
  const payload = registrationOf(device, NORTH_DOMAIN, { id: FIRST, place });
  there.records.push(received(payload, { outcome: 'bound', binding: 'b1' }));
  there.bindings.push(
    bindingWith({ registration: FIRST, keyDigest: await nodeCrypto.digest(device.spki), site: 'hall-1' }),
  );
  there.certificates.push(
    certificateWith({ serial: '39', issuer: OLD_CA, notBefore: day(-60) }),
    certificateWith({ serial: '40', issuer: NEW_CA }),
    certificateWith({ serial: '77', binding: 'b7', issuer: SOUTH as IssuerName }),
  );
});

const parts = () => ({
  transact: transactOver(there),
  urgent: transactOver(there),
  lists: listsOver(there),
  clock: { now: () => fromInstant(day(5)) },
  crypto: nodeCrypto,
  decider: {
    take: async (records: readonly (string | object)[]) => {
      there.wrote.push('take');
      taken.push(...records.map(String));
    },
  },
});
const bindingNow = (id = 'b1') => there.bindings.find((one) => one.id === id);
const set = (changes: Partial<ReturnType<typeof bindingWith>>) => {
  const [binding] = there.bindings;
  if (binding !== undefined) there.bindings[0] = { ...binding, ...changes };
};
const events = () => there.trail.map(({ event }) => event);
/** The CRLs of exactly the CAs that lost a certificate, once, and only when that is durable. */
const expectPublished = (...issuers: readonly string[]) => {
  const published = there.wrote.filter((one) => one.startsWith('publish'));
  expect(published).toEqual(issuers.length === 0 ? [] : [`publish ${issuers.join(' ')}`]);
  if (issuers.length > 0) expect(there.wrote.at(-2)).toBe('commit');
};

describe('a suspended device', () => {
  const suspend = (reason: 'lost' | 'maintenance' = 'lost', word = WORD) =>
    suspendDevice(DEVICE, reason, word, parts());
  const resume = (by = 'otto') => resumeDevice(DEVICE, { ...WORD, by }, parts());

  it('has all of its certificates on hold, and its renewal dropped', async () => {
    there.intents.push({ intent: intentWith(), binding: 'b1' });
    expect(await suspend()).toMatchObject({
      ok: true,
      binding: 'b1',
      lists: [{ issuer: OLD_CA }, { issuer: NEW_CA }],
    });
    expectPublished(OLD_CA, NEW_CA);
    expect(there.certificates.map(({ onHold }) => onHold)).toEqual([true, true, false]);
    expect(there.intents).toEqual([]);
    expect(there.told).toMatchObject([{ event: { kind: 'suspended', reason: 'lost', udid: 'acme-1' } }]);
    expect(there.trail).toMatchObject([
      { event: 'suspended: lost', actor: 'vera', detail: 'because: so it is' },
    ]);
  });

  it.each([
    ['lost', 'lost', false],
    ['lost', 'maintenance', false],
    ['maintenance', 'maintenance', false],
    ['maintenance', 'lost', true],
  ] as const)('in state %s may be put in state %s: %s', async (before, after, ok) => {
    await suspend(before);
    expect(await suspend(after)).toMatchObject(ok ? { ok } : { ok, why: 'suspended' });
    expect(there.suspensions).toMatchObject([{ reason: ok ? after : before }]);
  });

  it('is resumed by another person if it was lost, and by anybody after maintenance', async () => {
    expect(await resume()).toEqual({ ok: false, why: 'not_suspended' });
    await suspend('lost');
    expect(await resume('vera')).toEqual({ ok: false, why: 'four_eyes' });
    there.wrote.length = 0;
    expect(await resume('otto')).toMatchObject({ ok: true });
    expectPublished(OLD_CA, NEW_CA);
    expect(there.certificates.every(({ revokedAt }) => revokedAt === null)).toBe(true);
    await suspend('maintenance');
    expect(await resume('vera')).toMatchObject({ ok: true });
  });

  it('is shown with who said so, and not as revoked', async () => {
    await suspend();
    const binding = bindingNow() ?? bindingWith();
    const states = await deviceStates([binding], binding.org, ruleStores(there), { crypto: nodeCrypto });
    expect(states).toMatchObject([
      { suspended: { reason: 'lost', by: 'vera' }, revokedAt: null, position: 'rack 4' },
    ]);
  });
});

describe('whoever acts on a device', () => {
  const acts: [string, () => Promise<object>][] = [
    ['suspend', () => suspendDevice(DEVICE, 'lost', WORD, parts())],
    ['resume', () => resumeDevice(DEVICE, WORD, parts())],
    ['retire', () => retireDevice(DEVICE, WORD, parts())],
    ['replace', () => replaceDevice(DEVICE, { maker: 'acme', udid: 'acme-2' }, WORD, parts())],
  ];
  it.each(acts)('does not find another organisation’s, or one that is gone: %s', async (_, act) => {
    set({ org: SOUTH });
    expect(await act()).toEqual({ ok: false, why: 'not_found' });
    set({ org: NORTH, endedAt: day(2) });
    expect(await act()).toEqual({ ok: false, why: 'not_found' });
    expect([there.trail, there.wrote]).toEqual([[], ['commit', 'commit']]);
  });

  it.each(acts.slice(0, 3))('waits while its certificate is being issued: %s', async (_, act) => {
    set({ state: 'issuing' });
    expect(await act()).toEqual({ ok: false, why: 'not_ready' });
    expectPublished();
  });

  it('retires it for good, without a tombstone', async () => {
    expect(await retireDevice(DEVICE, WORD, parts())).toMatchObject({ ok: true });
    expectPublished(OLD_CA, NEW_CA);
    expect(bindingNow()).toMatchObject({ endedAt: day(5) });
    expect(there.records[0]).toMatchObject({ outcome: 'refused', code: 'retired' });
    expect(there.tombstones.size).toBe(0);
    expect(events()).toEqual(['refused: retired', 'retired']);
  });
});

describe('a device in another one’s place', () => {
  const replace = (udid = 'acme-2') => replaceDevice(DEVICE, { maker: 'acme', udid }, WORD, parts());
  const successor = (changes: Parameters<typeof bindingWith>[0] = {}) => {
    const after = { id: 'b2', udid: 'acme-2', keyDigest: 'key-2', registration: SECOND };
    there.bindings.push(bindingWith({ ...after, ...changes }));
  };

  it('takes over site and position, and the old binding ends', async () => {
    successor();
    expect(await replace()).toMatchObject({ ok: true, binding: 'b2' });
    expectPublished(OLD_CA, NEW_CA);
    expect(bindingNow('b2')).toMatchObject({ site: 'hall-1', endedAt: null });
    expect(bindingNow()).toMatchObject({ endedAt: day(5) });
    expect(there.successions).toMatchObject([{ binding: 'b2', predecessor: 'b1', position: 'rack 4' }]);
    expect(there.records[0]).toMatchObject({ code: 'replaced' });
  });

  it('keeps a site of its own', async () => {
    successor({ site: 'hall-9' });
    await replace();
    expect(bindingNow('b2')).toMatchObject({ site: 'hall-9' });
    expect(there.wrote).not.toContain('bindings.setSite');
  });

  it.each<[string, Parameters<typeof bindingWith>[0]]>([
    ['with_unknown', { org: SOUTH }],
    ['with_unknown', { udid: 'acme-3' }],
    ['not_ready', { state: 'issuing' }],
    ['with_elsewhere', { domain: 'b.northfield.example' }],
  ])('is none: %s', async (why, changes) => {
    successor(changes);
    expect(await replace()).toEqual({ ok: false, why });
    expectPublished();
  });

  it('is not itself, nor one that has replaced another', async () => {
    expect(await replace('acme-1')).toEqual({ ok: false, why: 'with_unknown' });
    successor();
    there.successions.push({ binding: 'b2', predecessor: 'b0', position: null, at: day(1) });
    expect(await replace()).toEqual({ ok: false, why: 'with_taken' });
  });
});

describe('a claim on a device', () => {
  const CASE = { id: 't1', record: SECOND, claimant: SOUTH, binding: 'b1', openedAt: day(2) };
  beforeEach(() => {
    there.transfers.push(CASE);
    const claim = {
      author: 'sam',
      outcome: 'refused',
      code: 'transfer_case',
      header: { org: SOUTH },
    } as const;
    there.records.push(received({ id: SECOND, udid: 'acme-1' }, claim));
  });
  const decided = (decision: 'give_up' | 'refuse', by = 'vera', org = NORTH, id = 't1') =>
    decideTransfer({ id, org, decision, by, because: 'sold' }, parts());
  const claim = () => there.records.find(({ id }) => id === SECOND);

  it('is answered without the name of the owner where that refuses it', async () => {
    expect(await decided('refuse')).toBe('refused');
    expect(claim()).toMatchObject({ outcome: 'refused', code: 'transfer_refused' });
    expect(there.changes).toMatchObject([
      { org: SOUTH, change: { udid: 'acme-1', domain: null, maker: null } },
    ]);
    expect(there.trail.map(({ org, actor }) => [org, actor])).toEqual([
      [NORTH, 'vera'],
      [SOUTH, 'rules'],
    ]);
    expect(bindingNow()).toMatchObject({ endedAt: null });
    expectPublished();
    expect(await decided('refuse')).toBe('not_found');
  });

  it('needs two persons of the owner who give the device up', async () => {
    expect(await decided('give_up', 'vera')).toBe('offered');
    expect(await decided('give_up', 'vera')).toBe('offered');
    expect(there.offers).toHaveLength(1);
    there.wrote.length = 0;
    expect(await decided('give_up', 'otto')).toBe('given_up');
    // The claim first: a CRL that cannot be signed must not hold it up.
    expect(there.wrote.slice(-3)).toEqual(['commit', 'take', `publish ${OLD_CA} ${NEW_CA}`]);
    expect(taken).toEqual([SECOND]);
    expect(claim()).toMatchObject({ outcome: null, code: null });
    expect(there.records[0]).toMatchObject({ outcome: 'refused', code: 'given_up' });
    expect(there.offers).toEqual([]);
  });

  it('counts an offer to whoever claims it, and none made in another case', async () => {
    there.offers.push({ binding: 'b1', transfer: 't0', by: 'otto', because: '', at: day(1) });
    expect(await decided('give_up', 'vera')).toBe('offered');
    there.offers.length = 0;
    expect(await offerDevice(DEVICE, { by: 'otto', because: 'sold' }, parts())).toBe('done');
    expect(await decided('give_up', 'vera')).toBe('given_up');
  });

  it('is not reopened where it was taken back or decided otherwise meanwhile', async () => {
    there.offers.push({ binding: 'b1', transfer: null, by: 'otto', because: '', at: day(1) });
    const [first, second] = there.records;
    if (first !== undefined && second !== undefined) there.records[1] = { ...second, code: 'withdrawn' };
    expect(await decided('give_up')).toBe('given_up');
    expect(claim()).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
    expect(taken).toEqual([]);
    expectPublished(OLD_CA, NEW_CA);
  });

  it('is decided by its owner alone, and by nobody who made it', async () => {
    expect(await decided('give_up', 'vera', SOUTH)).toBe('not_found');
    expect(await decided('give_up', 'vera', NORTH, 't9')).toBe('not_found');
    expect(await decided('refuse', 'sam')).toBe('own_record');
    expect(await decided('give_up', 'sam')).toBe('own_record');
    expect(there.wrote).toEqual(['commit', 'commit', 'commit', 'commit']);
  });

  it('is refused but not granted for a lost device, or one that is being issued', async () => {
    there.suspensions.push({ binding: 'b1', reason: 'lost', at: day(1), by: 'otto' });
    expect(await decided('give_up')).toBe('suspended');
    expect(await offerDevice(DEVICE, WORD, parts())).toBe('suspended');
    there.suspensions[0] = { binding: 'b1', reason: 'put_back', at: day(1), by: 'server' };
    expect(await decided('give_up')).toBe('suspended');
    there.suspensions[0] = { binding: 'b1', reason: 'maintenance', at: day(1), by: 'otto' };
    expect(await decided('give_up')).toBe('offered');
    set({ state: 'issuing' });
    expect(await decided('give_up', 'otto')).toBe('not_ready');
    expect(await offerDevice(DEVICE, WORD, parts())).toBe('not_ready');
    expect(await decided('refuse')).toBe('refused');
  });
});

describe('a revoked device', () => {
  const REVOKED = { maker: 'acme', udid: 'acme-1', reason: 'keyCompromise', by: 'vera' } as const;
  const revoke = (changes: Partial<Parameters<typeof revokeDevice>[0]> = {}) =>
    revokeDevice({ ...REVOKED, ...changes }, parts());
  const digests = async (...keys: readonly Uint8Array[]) =>
    new Set((await Promise.all(keys.map((key) => tombstoneDigests('acme-1', key, nodeCrypto)))).flat());

  it('loses certificates, binding, name and every key that is known for it', async () => {
    const listedKey = await makeDevice({ udid: 'acme-1' });
    listed(there, listedKey);
    const key = (n: number) => Uint8Array.of(0x30, 1, n);
    const [former, pending, dropped] = [key(1), key(2), key(3)] as const;
    there.lineage.push(
      lineageWith({ keyDigest: 'f', spki: former, state: 'former' }),
      lineageWith({ keyDigest: 'p', spki: pending }),
      lineageWith({ keyDigest: 'd', spki: dropped, state: 'dropped' }),
    );
    expect(await revoke({ because: 'stolen' })).toMatchObject({ ok: true, bindings: 1 });
    expectPublished(OLD_CA, NEW_CA);
    expect(there.tombstones).toEqual(await digests(listedKey.spki, device.spki, former, pending));
    expect(bindingNow()).toMatchObject({ endedAt: day(5) });
    expect(there.records[0]).toMatchObject({ code: 'tombstoned' });
    expect(there.trail.at(-1)).toMatchObject({
      event: 'device revoked',
      detail: 'keyCompromise, because: stolen',
    });
    // Whatever was buried is found again, the key that was pending then among them.
    expect(await liftTombstones({ ...REVOKED, reason: 'found' }, parts())).toBe(5);
    expect(there.tombstones.size).toBe(0);
    expect(there.trail.at(-1)).toMatchObject({ event: 'tombstones lifted', detail: '5, because: found' });
  });

  it('is revoked before it was ever bound, by its row', async () => {
    there.bindings.length = 0;
    expect(await revoke()).toEqual({ ok: false, others: [] });
    listed(there, device, { anchor: 'udid-only' });
    expect(await revoke()).toEqual({ ok: true, bindings: 0, lists: [] });
    expect(there.tombstones).toEqual(await digests(new Uint8Array()));
    expectPublished();
  });

  it('is most likely mistyped where nobody knows it, and whose it may be is said', async () => {
    listed(there, { ...device, maker: 'forge' });
    listed(there, { ...device, maker: 'mint' }, {}, SCHOOL_SCOPE);
    expect(await revoke({ maker: 'acne' })).toEqual({ ok: false, others: ['acme', 'forge', 'mint'] });
    expect([there.tombstones.size, there.trail.length]).toEqual([0, 0]);
  });

  it('is another organisation’s, which it may neither revoke nor hear of', async () => {
    listed(there, { ...device, maker: 'forge' });
    expect(await revoke({ org: SOUTH })).toEqual({ ok: false, others: [] });
    expect(bindingNow()).toMatchObject({ endedAt: null });
  });

  it('of a training organisation gets no tombstone, and may be bound again', async () => {
    set({ org: SCHOOL, scope: SCHOOL_SCOPE });
    expect(await revoke({ org: SCHOOL })).toMatchObject({ ok: true, bindings: 1 });
    expect(there.tombstones.size).toBe(0);
    expect(there.records[0]).toMatchObject({ code: 'retired' });
  });

  it('keeps the key that somebody only practised with out of its tombstones', async () => {
    set({ org: SCHOOL, scope: SCHOOL_SCOPE });
    listed(there, device, { anchor: 'udid-only' });
    await revoke();
    expect(there.tombstones).toEqual(await digests(new Uint8Array()));
  });
});
