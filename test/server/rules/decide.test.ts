import { beforeEach, describe, expect, it } from 'vitest';
import { fromInstant } from '../../../core/instant.ts';
import { abandonOrphans } from '../../../server/authority/ra/records/abandon-orphans.ts';
import { type Approval, decide } from '../../../server/authority/ra/records/decide.ts';
import { decideGroup } from '../../../server/authority/ra/records/decide-group.ts';
import type { IssuerName } from '../../../server/ports/issuer-name.ts';
import type { StoredRecord } from '../../../server/ports/records.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  day,
  FIRST,
  intentWith,
  lineageWith,
  listed,
  NORTH,
  NORTH_DOMAIN,
  operatorKey,
  received,
  ruledBy,
  SCHOOL,
  SCHOOL_SCOPE,
  SECOND,
} from '../../support/judge-reads.ts';
import {
  caOver,
  inGroupOver,
  type Ledger,
  ledger,
  listsOver,
  ruleStores,
  transactOver,
} from '../../support/rule-stores.ts';
import { makeDevice, registrationOf, type TestDevice } from '../../support/server-device.ts';

let there: Ledger;
let device: TestDevice;
let faults: unknown[];
beforeEach(async () => {
  there = ledger();
  faults = [];
  device = await makeDevice();
  listed(there, device);
});

function parts(...missing: readonly string[]) {
  return {
    stores: ruleStores(there),
    transact: transactOver(there),
    inGroup: inGroupOver(there),
    lists: listsOver(there),
    ca: caOver(there, ...missing),
    crypto: nodeCrypto,
    clock: { now: () => fromInstant(day(1)) },
    onStep: (step: string) => void there.wrote.push(step),
    onFault: (fault: unknown) => void faults.push(fault),
  };
}
const decided = (approval?: Approval, id = FIRST, ...missing: readonly string[]) =>
  decide(id, approval, parts(...missing));
const VERA = { by: 'vera', reason: 'I saw it' };

function arrived(id = FIRST, of = device, changes: Parameters<typeof received>[1] = {}): StoredRecord {
  const record = received(registrationOf(of, NORTH_DOMAIN, { id, capturedAt: day(0) }), changes);
  there.records.push(record);
  return record;
}
const now = (id = FIRST) => there.records.find((one) => one.id === id);

describe('one record', () => {
  it('is bound in two durable steps with the signature between them', async () => {
    arrived();
    await decided();
    expect(there.wrote).toEqual([
      ...['bindings.open', 'intents.intend', 'records.attach', 'audit.append', 'commit', 'intended'],
      ...[`sign 50 by ${NORTH}`, 'signed'],
      ...['certificates.issue', 'bindings.setState', 'records.settle', 'changes.append', 'audit.append'],
      ...['audit.append', 'commit', 'issued'],
    ]);
    expect(now()).toMatchObject({ outcome: 'bound' });
  });

  it('is signed by nobody where it is refused', async () => {
    there.list.length = 0;
    arrived();
    await decided();
    expect(now()).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
    expect(there.wrote.at(-1)).toBe('commit');
  });

  it('that is decided, or not there, is left alone', async () => {
    arrived(FIRST, device, { outcome: 'bound', binding: 'b1' });
    await decided();
    await decided(VERA);
    await decided(undefined, SECOND);
    expect(there.wrote).toEqual(['commit', 'commit']);
  });

  it('fails before anything is written where its organisation has no issuing CA', async () => {
    arrived();
    await expect(decided(undefined, FIRST, NORTH)).rejects.toThrow('no issuing CA');
    expect(there.wrote).toEqual([]);
  });

  it('has the CRL of the practice that it ends signed, once, when that is durable', async () => {
    listed(there, device, {}, SCHOOL_SCOPE);
    const { maker, udid } = device;
    const practice = { maker, udid, scope: SCHOOL_SCOPE, org: SCHOOL, registration: SECOND };
    there.bindings.push(bindingWith({ id: 'b8', ...practice }));
    const certificate = { serial: '7', binding: 'b8', issuer: SCHOOL as IssuerName };
    const dates = { notBefore: day(-1), notAfter: day(89), revokedAt: null, onHold: false };
    there.certificates.push({ ...certificate, ...dates, fingerprint: 'f', der: new Uint8Array() });
    arrived();
    await decided();
    const published = there.wrote.filter((one) => one.startsWith('publish'));
    expect(published).toEqual([`publish ${SCHOOL}`]);
    // Last of all: a CRL that cannot be signed must not delay the certificate.
    expect(there.wrote.at(-1)).toBe(`publish ${SCHOOL}`);
  });
});

describe('a held record', () => {
  beforeEach(() => {
    there.list.length = 0;
    listed(there, device, { anchor: 'udid-only' });
    arrived(FIRST, device, { outcome: 'held', code: 'udid_only_row' });
  });

  it('is decided again by a person only, whose word stands before what it does', async () => {
    await decided();
    expect(there.wrote).toEqual(['commit']);
    await decided(VERA);
    expect(now()).toMatchObject({ outcome: 'bound', approvedBy: 'vera' });
    expect(there.trail[0]).toMatchObject({ event: 'approved', actor: 'vera', detail: 'because: I saw it' });
    expect(there.trail.map(({ actor }) => actor)).toEqual(['vera', 'vera', 'vera', NORTH]);
  });

  it('may still be refused, and the trail says that a person had approved', async () => {
    ruledBy(there, { models: ['m-1'] });
    await decided(VERA);
    expect(now()).toMatchObject({ outcome: 'refused', code: 'model_not_allowed' });
    expect(there.trail.map(({ event }) => event)).toEqual(['approved', 'refused: model_not_allowed']);
  });

  it('is looked at again where its chain may have closed, and written only if that changes anything', async () => {
    there.list.length = 0;
    listed(there, device);
    const [record] = there.records;
    if (record !== undefined) there.records[0] = { ...record, code: 'operator_revoked' };
    there.operatorKeys[0] = operatorKey({ revokedAt: day(0), covered: null });
    await decided();
    expect(there.wrote).toEqual(['commit']);
    there.operatorKeys[0] = operatorKey({
      revokedAt: day(0),
      covered: { seq: 1, digest: record?.digest ?? '' },
    });
    await decided();
    expect(now()).toMatchObject({ outcome: 'bound' });
  });
});

describe('a record that a crash left between its steps', () => {
  const begun = (issuer: string = NORTH) => {
    arrived(FIRST, device, { binding: 'b1' });
    const { maker, udid } = device;
    there.bindings.push(bindingWith({ maker, udid, registration: FIRST, state: 'issuing' }));
    there.intents.push({ intent: intentWith({ serial: '77', issuer: issuer as IssuerName }), binding: 'b1' });
  };

  it('is resumed with the same intent, and not judged again', async () => {
    begun();
    there.list.length = 0;
    await decided();
    expect(there.wrote.slice(0, 3)).toEqual(['commit', 'intended', `sign 77 by ${NORTH}`]);
    expect(now()).toMatchObject({ outcome: 'bound', binding: 'b1' });
  });

  it('is signed by the CA that began it, replaced or not, and by no other', async () => {
    begun('northfield_1');
    await expect(decided(undefined, FIRST, 'northfield_1')).rejects.toThrow('not here');
    expect(now()).toMatchObject({ outcome: null });
    await decided();
    expect(there.wrote).toContain('sign 77 by northfield_1');
  });

  it('is judged anew where its binding has ended, and the intent is abandoned', async () => {
    begun();
    const [binding] = there.bindings;
    if (binding !== undefined) there.bindings[0] = { ...binding, endedAt: day(1) };
    await decided();
    expect(there.wrote.slice(0, 2)).toEqual(['intents.abandon', 'bindings.open']);
    expect(now()?.binding).not.toBe('b1');
    expect(there.certificates.map(({ serial }) => serial)).toEqual(['50']);
  });

  it('leaves an intent for another key to the device that asked for it', async () => {
    begun();
    there.lineage.push(lineageWith({ serial: '77' }));
    const [binding] = there.bindings;
    if (binding !== undefined) there.bindings[0] = { ...binding, endedAt: day(1) };
    await decided();
    expect(there.wrote).not.toContain('intents.abandon');
    expect(there.wrote[0]).toBe('bindings.open');
  });
});

describe('a group', () => {
  const other = async () => {
    const made = await makeDevice();
    listed(there, made);
    return made;
  };
  const grouped = (records: readonly StoredRecord[] = there.records, ...missing: readonly string[]) =>
    decideGroup([...records], parts(...missing));

  it('shares the two steps, and signs all of it between them', async () => {
    const records = [arrived(), arrived(SECOND, await other())];
    expect(await grouped(records)).toEqual([]);
    expect(there.records.map(({ outcome }) => outcome)).toEqual(['bound', 'bound']);
    expect(there.wrote.filter((one) => !one.includes('.'))).toEqual([
      ...['commit', 'intended', `sign 50 by ${NORTH}`, `sign 51 by ${NORTH}`, 'signed', 'commit', 'issued'],
    ]);
    expect(faults).toEqual([]);
  });

  it('leaves what another process has begun or decided to that', async () => {
    const records = [
      arrived(FIRST, device, { binding: 'b1' }),
      arrived(SECOND, await other(), { outcome: 'held' }),
    ];
    expect(await grouped(records)).toEqual([]);
    expect(there.wrote).toEqual(['commit']);
  });

  it('gives back what must be decided alone, unwritten', async () => {
    const { maker, udid } = device;
    there.bindings.push(bindingWith({ id: 'b8', maker, udid, scope: SCHOOL_SCOPE, org: SCHOOL }));
    const revoked = { header: { kid: 'r' } };
    there.operatorKeys.push(operatorKey({ kid: 'r', revokedAt: day(9) }));
    const records = [arrived(), arrived(SECOND, await other(), revoked)];
    expect(await grouped(records)).toEqual([FIRST, SECOND]);
    expect(there.wrote).toEqual(['commit']);
  });

  it('goes on without one whose judgement fails, and reports it', async () => {
    const records = [arrived(FIRST, device, { header: { kid: 'nobody' } }), arrived(SECOND, await other())];
    expect(await grouped(records)).toEqual([]);
    expect(faults).toHaveLength(1);
    expect([now()?.outcome, now(SECOND)?.outcome]).toEqual([null, 'bound']);
  });

  it('fails as a whole where an issuing CA is missing, so that each is decided by itself', async () => {
    await expect(grouped([arrived()], NORTH)).rejects.toThrow('no issuing CA');
    expect(there.wrote).toEqual([]);
  });
});

describe('intents that nobody will sign', () => {
  const DAY_ONE = fromInstant(day(1));
  const left = async (notBefore: string, of: Partial<StoredRecord> = {}, ended: string | null = null) => {
    there.records.push(received({ id: FIRST, udid: 'acme-1' }, { outcome: 'bound', ...of }));
    there.bindings.push(bindingWith({ registration: FIRST, endedAt: ended }));
    there.intents.push({ intent: intentWith({ notBefore }), binding: 'b1' });
    const abandoned = await abandonOrphans(transactOver(there), DAY_ONE);
    expect(there.intents).toHaveLength(1 - abandoned);
    return abandoned;
  };

  it.each<[string, number, Parameters<typeof left>]>([
    ['a renewal of today stays', 0, [day(0.1)]],
    ['a renewal of yesterday goes', 1, [day(0)]],
    ['that of an undecided record stays, however old', 0, [day(-30), { outcome: null }]],
    ['that of an ended binding goes, however new', 1, [day(1), { outcome: null }, day(1)]],
  ])('%s', async (_, abandoned, args) => {
    expect(await left(...args)).toBe(abandoned);
  });
});
