// What is written for a ruling, alone and in a group, is one table of cases over the same stores: so it is long.
import { beforeEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../../core/certificate.ts';
import { fromInstant } from '../../../core/instant.ts';
import { endBinding } from '../../../server/authority/ra/binding/end-binding.ts';
import { adoptKey } from '../../../server/authority/ra/binding/next-key.ts';
import {
  type BindRuling,
  isOwn,
  type OwnRuling,
  type Ruling,
} from '../../../server/authority/ra/binding/ruling.ts';
import { settle } from '../../../server/authority/ra/binding/settle.ts';
import { applyAlone } from '../../../server/authority/ra/records/apply-alone.ts';
import { applyOwn } from '../../../server/authority/ra/records/apply-own.ts';
import { complete, readIssuing } from '../../../server/authority/ra/records/complete.ts';
import type { IssuerName } from '../../../server/ports/issuer-name.ts';
import type { StoredRecord } from '../../../server/ports/records.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  certificateWith,
  day,
  FIRST,
  intentWith,
  lineageWith,
  NORTH,
  NORTH_DOMAIN,
  received,
  SCHOOL,
  SCHOOL_DOMAIN,
  SCHOOL_SCOPE,
  SECOND,
} from '../../support/judge-reads.ts';
import { leafOf } from '../../support/maker-chain.ts';
import { caOver, groupStores, type Ledger, ledger, ruleStores } from '../../support/rule-stores.ts';
import { makeDevice } from '../../support/server-device.ts';

const ABOUT = { maker: 'acme', udid: 'acme-1', domain: NORTH_DOMAIN };
const SCHOOL_CA = SCHOOL as IssuerName;
const SETTLED = ['records.settle', 'changes.append', 'audit.append'];

let there: Ledger;
let record: StoredRecord;
beforeEach(() => {
  there = ledger();
  record = received({ id: FIRST, udid: 'acme-1' });
  there.records.push(record);
});

const { id: _, boundAt: __, ...claim } = bindingWith({ state: 'issuing', registration: FIRST });
const BIND: BindRuling = {
  outcome: 'bind',
  about: ABOUT,
  binding: claim,
  spki: Uint8Array.of(0x30, 0),
  profile: {},
  displaces: [],
  drops: undefined,
  renamed: false,
};

async function context(by?: string) {
  const issuer = await caOver(there).issuer(NORTH);
  if (issuer === undefined) throw new Error('no CA');
  return { issuer, crypto: nodeCrypto, now: fromInstant(day(1)), by };
}
const own = async (ruling: Ruling, by?: string) =>
  applyOwn(record, ruling as OwnRuling, { ...(await context(by)), stores: groupStores(there) });
const alone = async (ruling: Ruling, by?: string) =>
  applyAlone(record, ruling, { ...(await context(by)), stores: ruleStores(there) });
const now = (id = FIRST) => there.records.find((one) => one.id === id);
const events = () => there.trail.map(({ event }) => event);

describe('a ruling on the record’s own rows, with what a group has', () => {
  it('settles what is refused in record, stream and trail', async () => {
    expect(await own({ outcome: 'refused', code: 'key_weak', about: ABOUT, detail: 'why' })).toBeUndefined();
    expect(there.wrote).toEqual(SETTLED);
    expect(now()).toMatchObject({ outcome: 'refused', code: 'key_weak', decidedAt: day(1), binding: null });
    expect(there.changes).toMatchObject([
      { org: NORTH, wasBound: false, change: { ...ABOUT, record: FIRST, code: 'key_weak', detail: 'why' } },
    ]);
    expect(there.trail).toMatchObject([
      {
        step: '8 decide',
        event: 'refused: key_weak',
        actor: 'rules',
        subject: FIRST,
        detail: `acme acme-1 ${NORTH_DOMAIN}`,
      },
    ]);
  });

  it('opens a case before it says so', async () => {
    await own({
      outcome: 'refused',
      code: 'transfer_case',
      about: ABOUT,
      effect: { kind: 'transfer_case', binding: 'b7' },
    });
    expect(there.wrote).toEqual(['transfers.openCase', ...SETTLED]);
    expect(there.transfers).toMatchObject([
      { record: FIRST, claimant: NORTH, binding: 'b7', openedAt: day(1) },
    ]);
  });

  it.each([
    ['issued', 'installed'],
    ['shown', 'shown'],
    ['installed', 'installed'],
  ] as const)('notes as installed what is %s', async (state, after) => {
    there.bindings.push(bindingWith({ state }));
    await own({ outcome: 'noted', about: ABOUT, effect: { kind: 'installed', binding: 'b1', serial: '40' } });
    expect(there.handed).toEqual(new Set(['40']));
    expect(there.bindings).toMatchObject([{ state: after }]);
    expect(there.trail[0]).toMatchObject({
      step: '11 confirm',
      event: 'installed',
      actor: 'ines',
      subject: 'acme-1',
    });
  });

  it('answers with the certificate of the very key, and fails where there is none', async () => {
    const device = await makeDevice();
    const keyDigest = await nodeCrypto.digest(device.spki);
    const binding = bindingWith({ unproven: false });
    const same = { outcome: 'same', binding, about: ABOUT, keyDigest } as const;
    await expect(own(same)).rejects.toThrow('no certificate');
    there.certificates.push(
      certificateWith({ fingerprint: 'other', der: await leafOf(await makeDevice()), notBefore: day(2) }),
      certificateWith({ serial: '39', fingerprint: 'its own', der: await leafOf(device) }),
    );
    await own(same);
    expect(there.wrote).toEqual(SETTLED);
    expect(now()).toMatchObject({ outcome: 'bound', code: 'same_install', binding: 'b1' });
    expect(there.changes).toMatchObject([{ change: { fingerprint: 'its own', unproven: false } }]);
  });

  it('opens a binding, then writes its intent, and gives that to be signed', async () => {
    const intent = await own(BIND);
    expect(there.wrote).toEqual(['bindings.open', 'intents.intend', 'records.attach', 'audit.append']);
    const [binding] = there.bindings;
    expect(binding).toEqual({ ...claim, id: binding?.id, boundAt: day(1) });
    expect(there.intents).toEqual([{ intent, binding: binding?.id }]);
    expect(now()).toMatchObject({ outcome: null, binding: binding?.id, approvedBy: null });
    expect(there.trail).toMatchObject([{ step: '9 issue', event: 'intended', detail: 'serial 50, TBS ff' }]);
  });

  it('bears the name of the person who decided', async () => {
    await own(BIND, 'vera');
    expect([now()?.approvedBy, there.trail[0]?.actor]).toEqual(['vera', 'vera']);
    await own({ outcome: 'refused', code: 'key_weak', about: ABOUT }, 'vera');
    expect(there.trail[1]?.actor).toBe('vera');
  });
});

describe('what is a record’s own', () => {
  const practice = bindingWith({ id: 'b8' });
  const said = { outcome: 'noted', about: ABOUT } as const;
  it.each<[string, Ruling, boolean]>([
    ['the same binding', { outcome: 'same', binding: practice, about: ABOUT, keyDigest: 'key-1' }, true],
    ['a binding of a device that nobody has', BIND, true],
    ['one that ends practice', { ...BIND, displaces: [practice] }, false],
    ['one that drops a pending key', { ...BIND, drops: lineageWith() }, false],
    ['one of a renamed device', { ...BIND, renamed: true }, false],
    ['a word', said, true],
    ['a case', { ...said, effect: { kind: 'transfer_case', binding: 'b7' } }, true],
    ['an installation', { ...said, effect: { kind: 'installed', binding: 'b7', serial: '40' } }, true],
    ['an end', { ...said, effect: { kind: 'end', binding: 'b7', reason: 'superseded' } }, false],
    ['a withdrawal', { ...said, effect: { kind: 'withdraw', record: SECOND } }, false],
    [
      'a renewal, which the device may be making itself',
      { outcome: 'renew', binding: practice, about: ABOUT, spki: BIND.spki, profile: {}, drops: undefined },
      false,
    ],
  ])('%s', (_, ruling, expected) => {
    expect(isOwn(ruling)).toBe(expected);
  });
});

describe('a ruling that touches others', () => {
  it('ends practice before it binds: certificate, binding, intent, registration', async () => {
    const practice = bindingWith({
      id: 'b8',
      scope: SCHOOL_SCOPE,
      org: SCHOOL,
      domain: SCHOOL_DOMAIN,
      registration: SECOND,
    });
    there.bindings.push(practice);
    there.certificates.push(
      certificateWith({ binding: 'b8', issuer: SCHOOL_CA }),
      certificateWith({ serial: '77' }),
    );
    there.intents.push({ intent: intentWith({ serial: '60' }), binding: 'b8' });
    there.records.push(
      received({ id: SECOND, udid: 'acme-1' }, { outcome: 'bound', header: { org: SCHOOL } }),
    );
    const { intent, issuers } = await alone({ ...BIND, displaces: [practice] });
    expect(there.wrote).toEqual([
      ...['revocations.revokeAll', 'bindings.end', 'intents.abandon', ...SETTLED, 'audit.append'],
      ...['bindings.open', 'intents.intend', 'records.attach', 'audit.append'],
    ]);
    expect(issuers).toEqual([SCHOOL_CA]);
    expect(there.certificates.map(({ revokedAt }) => revokedAt)).toEqual([day(1), null]);
    expect(there.intents).toMatchObject([{ intent: { serial: intent?.serial } }]);
    expect(now(SECOND)).toMatchObject({ outcome: 'refused', code: 'practice_ended' });
    expect(there.changes).toMatchObject([{ org: SCHOOL, wasBound: true, change: { domain: SCHOOL_DOMAIN } }]);
    expect(events()).toEqual(['refused: practice_ended', 'practice ended', 'intended']);
  });

  it('leaves a practice registration to be judged anew while its certificate is being issued', async () => {
    const practice = bindingWith({ id: 'b8', scope: SCHOOL_SCOPE, org: SCHOOL, registration: SECOND });
    there.bindings.push(practice);
    there.records.push(received({ id: SECOND, udid: 'acme-1' }, { binding: 'b8', header: { org: SCHOOL } }));
    await alone({ ...BIND, displaces: [practice] });
    expect(now(SECOND)).toMatchObject({ outcome: null });
    expect(there.changes).toEqual([]);
  });

  it.each([
    ['its own open intent', '41', ['intents.abandon', 'revocations.revoke', 'lineage.put', 'audit.append']],
    ['another open intent', '60', ['revocations.revoke', 'lineage.put', 'audit.append']],
  ])('gives up a pending key that has %s', async (_, serial, wrote) => {
    there.bindings.push(bindingWith({ id: 'b9', udid: 'acme-9' }));
    there.certificates.push(certificateWith({ serial: '41', binding: 'b9' }));
    there.intents.push({ intent: intentWith({ serial }), binding: 'b9' });
    const drops = lineageWith({ binding: 'b9', udid: 'acme-9' });
    const { issuers } = await alone({ ...BIND, drops });
    expect(there.wrote.slice(0, wrote.length)).toEqual(wrote);
    expect(there.wrote[wrote.length]).toBe('bindings.open');
    expect(there.lineage).toEqual([{ ...drops, state: 'dropped', at: day(1) }]);
    expect(issuers).toEqual([NORTH]);
    expect(there.trail[0]).toMatchObject({ event: 're-key dropped', subject: 'acme-9', actor: 'rules' });
  });

  it('intends a successor, or takes the one that the device began', async () => {
    const binding = bindingWith();
    const renew = {
      outcome: 'renew',
      binding,
      about: ABOUT,
      spki: BIND.spki,
      profile: {},
      drops: undefined,
    } as const;
    const first = await alone(renew);
    expect(there.wrote).toEqual(['intents.intend', 'records.attach', 'audit.append']);
    expect(there.intents).toEqual([{ intent: first.intent, binding: 'b1' }]);
    expect((await alone(renew)).intent).toEqual(first.intent);
    expect(there.intents).toHaveLength(1);
    expect(events()).toEqual(['renewal intended', 'renewal intended']);
  });

  it('ends a binding that its author takes back, and tells receivers', async () => {
    there.bindings.push(bindingWith());
    there.certificates.push(certificateWith());
    const effect = { kind: 'end', binding: 'b1', reason: 'cessationOfOperation' } as const;
    const { registration } = bindingWith();
    there.records.push(received({ id: registration, udid: 'acme-1' }, { outcome: 'bound', binding: 'b1' }));
    const { issuers, intent } = await alone({ outcome: 'noted', about: ABOUT, effect });
    expect([issuers, intent]).toEqual([[NORTH], undefined]);
    expect(there.wrote).toEqual([
      ...['revocations.revokeAll', 'bindings.end', ...SETTLED, 'audit.append', ...SETTLED],
    ]);
    // Receivers are told by the outcome of its registration (store/event-of.ts).
    expect(there.changes[0]).toMatchObject({
      org: NORTH,
      change: { record: registration, outcome: 'refused', code: 'withdrawn', at: day(1) },
      wasBound: true,
    });
  });

  it('withdraws a held record in its author’s name', async () => {
    there.records.push(received({ id: SECOND, udid: 'acme-1' }, { outcome: 'held' }));
    await alone({ outcome: 'noted', about: {}, effect: { kind: 'withdraw', record: SECOND } });
    expect(now(SECOND)).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
    expect(now()).toMatchObject({ outcome: 'noted' });
    expect(there.trail.map(({ actor }) => actor)).toEqual(['ines', 'rules']);
  });
});

describe('the second step of issuing', () => {
  const intent = intentWith();
  const signed = { der: Uint8Array.of(0x30, 0), fingerprint: 'its own' };
  const finish = async () => {
    const stores = groupStores(there);
    await complete(await readIssuing(now(), stores), intent, signed, day(2), stores);
  };
  const begun = (changes: Parameters<typeof bindingWith>[0] = {}, of: Partial<StoredRecord> = {}) => {
    there.records[0] = { ...record, binding: 'b1', ...of };
    there.bindings.push(bindingWith({ registration: FIRST, state: 'issuing', ...changes }));
    there.intents.push({ intent, binding: 'b1' });
  };

  it('writes certificate, state, outcome and trail', async () => {
    begun();
    await finish();
    expect(there.wrote).toEqual(['certificates.issue', 'bindings.setState', ...SETTLED, 'audit.append']);
    expect(there.certificates).toMatchObject([{ serial: '50', binding: 'b1', fingerprint: 'its own' }]);
    expect(there.bindings).toMatchObject([{ state: 'issued' }]);
    expect(now()).toMatchObject({ outcome: 'bound', code: null, binding: 'b1', decidedAt: day(2) });
    expect(there.changes).toMatchObject([
      { wasBound: false, change: { fingerprint: 'its own', unproven: true } },
    ]);
    expect(events()).toEqual(['bound', 'issued']);
  });

  it('leaves the state of a binding that it renews', async () => {
    begun({ registration: SECOND, state: 'shown' });
    await finish();
    expect(there.wrote).not.toContain('bindings.setState');
    expect(now()).toMatchObject({ outcome: 'bound', code: 'renewed' });
    expect(events()).toEqual(['bound: renewed', 'renewed']);
  });

  it('bears the approver’s name across a crash', async () => {
    begun({}, { approvedBy: 'vera' });
    await finish();
    expect(there.trail.map(({ actor }) => actor)).toEqual(['vera', NORTH]);
  });

  it.each<[string, () => void]>([
    ['that another process finished', () => begun({}, { outcome: 'bound' })],
    ['whose binding has ended meanwhile', () => begun({ endedAt: day(1) })],
    ['whose binding is not there', () => begun({ id: 'b9' })],
    [
      'whose renewal the device finished itself',
      () => {
        begun({ registration: SECOND });
        there.intents.length = 0;
      },
    ],
    [
      'whose renewal another one has overtaken',
      () => {
        begun({ registration: SECOND });
        there.intents[0] = { intent: intentWith({ serial: '77' }), binding: 'b1' };
      },
    ],
  ])('writes nothing for a record %s', async (_, make) => {
    make();
    await finish();
    expect(there.wrote).toEqual([]);
  });
});

describe('an outcome', () => {
  it('says whether the record was bound until now, and why a person decided so', async () => {
    there.records[0] = { ...record, outcome: 'bound', binding: 'b1' };
    const said = {
      outcome: 'refused',
      code: 'retired',
      about: {},
      at: day(3),
      by: 'vera',
      because: 'old',
    } as const;
    await settle(there.records[0], said, groupStores(there));
    expect(there.changes).toMatchObject([
      { wasBound: true, change: { maker: null, udid: null, domain: null } },
    ]);
    expect(there.trail).toMatchObject([{ actor: 'vera', detail: 'because: old' }]);
    // The binding that the record had stays with it unless another one is named.
    expect(now()?.binding).toBe('b1');
    await settle(there.records[0], { ...said, binding: null }, groupStores(there));
    expect(now()?.binding).toBeNull();
  });
});

describe('the end of a binding', () => {
  const end = (binding = bindingWith({ registration: FIRST })) =>
    endBinding(
      binding,
      { reason: 'superseded', code: 'replaced', at: day(3), by: 'vera' },
      ruleStores(there),
    );

  it('revokes, ends, abandons and answers its registration anew', async () => {
    there.records[0] = { ...record, outcome: 'bound', binding: 'b1' };
    there.bindings.push(bindingWith({ registration: FIRST }));
    there.certificates.push(
      certificateWith(),
      certificateWith({ serial: '39', issuer: 'northfield_2' as IssuerName }),
    );
    there.intents.push({ intent: intentWith(), binding: 'b1' });
    there.lineage.push(lineageWith());
    expect(await end()).toEqual([NORTH, 'northfield_2']);
    expect(there.wrote).toEqual(['revocations.revokeAll', 'bindings.end', 'intents.abandon', ...SETTLED]);
    expect(there.bindings).toMatchObject([{ endedAt: day(3) }]);
    expect(there.lineage).toMatchObject([{ state: 'dropped' }]);
    expect(now()).toMatchObject({ outcome: 'refused', code: 'replaced' });
    expect(there.changes).toMatchObject([{ wasBound: true, change: ABOUT }]);
  });

  it('says nothing about a registration that is still being issued, or is not there', async () => {
    there.records[0] = { ...record, binding: 'b1' };
    there.bindings.push(bindingWith({ registration: FIRST }));
    await end();
    await end(bindingWith({ registration: SECOND }));
    expect(there.changes).toEqual([]);
    expect(now()).toMatchObject({ outcome: null, binding: 'b1' });
  });
});

describe('a device that shows its next key', () => {
  it('is bound to that key, and the one before becomes former', async () => {
    const der = await leafOf(await makeDevice());
    const binding = bindingWith();
    there.bindings.push(binding);
    const next = lineageWith();
    // A current key from an earlier binding of this device here becomes former too.
    const earlier = lineageWith({ keyDigest: 'key-0', state: 'current', serial: null, binding: 'b0' });
    there.lineage.push(earlier, next);
    await adoptKey(binding, next, [certificateWith({ der })], day(4), ruleStores(there));
    const states = Object.fromEntries(there.lineage.map(({ keyDigest, state }) => [keyDigest, state]));
    expect(states).toEqual({ 'key-0': 'former', 'key-1': 'former', 'key-2': 'current' });
    const before = there.lineage.find(({ keyDigest }) => keyDigest === 'key-1');
    expect(before).toMatchObject({ request: null, serial: null, binding: 'b1', at: day(4) });
    expect(before?.spki).toEqual(parseCertificate(der).spki);
    expect(there.bindings).toMatchObject([{ keyDigest: 'key-2' }]);
  });

  it('keeps the request and the serial of a key that was itself asked for', async () => {
    const der = await leafOf(await makeDevice());
    const second = lineageWith({ keyDigest: 'key-1', state: 'current', serial: '38' });
    there.bindings.push(bindingWith());
    there.lineage.push(second, lineageWith());
    await adoptKey(bindingWith(), lineageWith(), [certificateWith({ der })], day(4), ruleStores(there));
    const before = there.lineage.find(({ keyDigest }) => keyDigest === 'key-1');
    expect(before).toMatchObject({ state: 'former', serial: '38', request: second.request });
  });

  it('fails where the bound key has no certificate', async () => {
    await expect(adoptKey(bindingWith(), lineageWith(), [], day(4), ruleStores(there))).rejects.toThrow(
      'no certificate',
    );
    expect(there.wrote).toEqual([]);
  });
});
