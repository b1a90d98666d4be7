import { beforeEach, describe, expect, it } from 'vitest';
import type { Confirmation } from '../../../contract/confirmation.ts';
import type { Void } from '../../../contract/void.ts';
import { judge } from '../../../server/authority/ra/records/judge.ts';
import { judgeConfirmation } from '../../../server/authority/ra/records/judge-confirmation.ts';
import { judgeVoid } from '../../../server/authority/ra/records/judge-void.ts';
import type { StoredRecord } from '../../../server/ports/records.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  certificateWith,
  day,
  type Facts,
  FIRST,
  facts,
  judgeReads,
  listed,
  NORTH,
  NORTH_DOMAIN,
  operatorKey,
  received,
  SCHOOL,
  SECOND,
  SOUTH,
} from '../../support/judge-reads.ts';
import { confirmation } from '../../support/records.ts';
import { makeDevice, registrationOf } from '../../support/server-device.ts';

const DIGEST = 'cd'.repeat(32);
const ABOUT = { udid: 'acme-1', domain: NORTH_DOMAIN };

let there: Facts;
/** The registration that later records speak of, as it was decided. */
async function registered(changes: Partial<StoredRecord> = {}, driver = 'zephyr-cred') {
  const device = await makeDevice({ udid: 'acme-1' });
  const payload = registrationOf(device, NORTH_DOMAIN, { id: FIRST, device: { driver } });
  there.records.length = 0;
  there.records.push(received(payload, { outcome: 'bound', binding: 'b1', ...changes }));
}
const bound = (changes: Parameters<typeof bindingWith>[0] = {}) => {
  there.bindings.length = 0;
  there.bindings.push(bindingWith({ registration: FIRST, ...changes }));
};

beforeEach(async () => {
  there = facts();
  await registered();
  bound();
  there.certificates.push(certificateWith());
});

describe('a confirmation', () => {
  const LEAF_AND_ANCHOR: Confirmation['written'] = [{ parts: ['leaf', 'anchor'], digest: DIGEST }];
  const judged = (over: Partial<Confirmation> = {}, org = NORTH) => {
    const said = confirmation({
      id: SECOND,
      registration: FIRST,
      domain: NORTH_DOMAIN,
      written: LEAF_AND_ANCHOR,
      ...over,
    });
    const record = received(said, { header: { typ: 'confirmation+jws', org } });
    return judgeConfirmation(record, judgeReads(there));
  };
  const refused = (code: string, about: object = ABOUT) => ({ outcome: 'refused', code, about });

  it('notes the binding as installed', async () => {
    expect(await judged()).toEqual({
      outcome: 'noted',
      about: { ...ABOUT, maker: 'acme' },
      effect: { kind: 'installed', binding: 'b1', serial: '40' },
    });
    expect(await judged({ maker: 'acme' })).toMatchObject({ outcome: 'noted' });
  });

  it.each<[string, Partial<Confirmation>, string?]>([
    ['another registration', { registration: SECOND }],
    ['another device', { udid: 'acme-2' }],
    ['another domain', { domain: 'b.northfield.example' }],
    ['another maker', { maker: 'forge' }],
    ['another organisation’s device', {}, SOUTH],
  ])('is refused for %s, and learns nothing of the one that is bound', async (_, over, org) => {
    const { udid = 'acme-1', domain = NORTH_DOMAIN } = over;
    expect(await judged(over, org)).toEqual(refused('registration_unknown', { udid, domain }));
  });

  it.each<[string, Partial<StoredRecord>]>([
    ['is held', { outcome: 'held' }],
    ['was refused since', { outcome: 'refused' }],
    ['is not decided', { outcome: null }],
    ['has no binding', { binding: null }],
  ])('is refused where the registration %s', async (_, changes) => {
    await registered(changes);
    expect(await judged()).toEqual(refused('registration_unknown'));
  });

  it('is refused where what it names is no registration', async () => {
    const [registration] = there.records;
    if (registration !== undefined)
      there.records[0] = { ...registration, header: { ...registration.header, typ: 'void+jws' } };
    expect(await judged()).toEqual(refused('registration_unknown'));
  });

  it('is refused for a certificate that is not this binding’s, or is good no more', async () => {
    const known = { ...ABOUT, maker: 'acme' };
    expect(await judged({ certificate: DIGEST })).toEqual(refused('certificate_unknown', known));
    there.certificates[0] = certificateWith({ binding: 'b2' });
    expect(await judged()).toEqual(refused('certificate_unknown', known));
    there.certificates[0] = certificateWith({ revokedAt: day(1), onHold: true });
    expect(await judged()).toEqual(refused('certificate_unknown', known));
    there.certificates[0] = certificateWith();
    bound({ endedAt: day(1) });
    expect(await judged()).toEqual(refused('certificate_unknown', known));
  });

  it.each<[string, Confirmation['written'], string, boolean]>([
    [
      'leaf and anchor in two parts',
      [
        { parts: ['leaf'], digest: DIGEST },
        { parts: ['anchor'], digest: DIGEST },
      ],
      'zephyr-cred',
      true,
    ],
    ['leaf and chain, but no anchor', [{ parts: ['leaf', 'chain'], digest: DIGEST }], 'zephyr-cred', false],
    ['an anchor and no leaf', [{ parts: ['anchor'], digest: DIGEST }], 'zephyr-cred', false],
    [
      'a leaf alone, where there is no room for an anchor',
      [{ parts: ['leaf'], digest: DIGEST }],
      'esp-claim',
      true,
    ],
    [
      'an anchor alone, though there is no room for one',
      [{ parts: ['anchor'], digest: DIGEST }],
      'esp-claim',
      false,
    ],
  ])('is of leaf and anchor: %s', async (_, written, driver, complete) => {
    await registered({}, driver);
    const about = { ...ABOUT, maker: 'acme' };
    expect(await judged({ written })).toMatchObject(
      complete ? { outcome: 'noted' } : refused('read_back_mismatch', about),
    );
  });

  it('throws where its payload no longer fits', async () => {
    await expect(judged({ certificate: 'x' })).rejects.toThrow('schema');
  });
});

describe('a void', () => {
  const judged = (over: Partial<Void> = {}, { author = 'ines', org = NORTH } = {}) => {
    const payload: Void = {
      id: SECOND,
      app: '1',
      capturedAt: day(0),
      of: FIRST,
      udid: 'acme-1',
      reason: 'undone',
      ...over,
    };
    return judgeVoid(received(payload, { author, header: { typ: 'void+jws', org } }), judgeReads(there));
  };
  const about = { udid: 'acme-1' };
  const refused = (code: string) => ({ outcome: 'refused', code, about });

  it('ends the binding that its registration made', async () => {
    const known = { ...ABOUT, maker: 'acme' };
    expect(await judged()).toEqual({
      outcome: 'noted',
      about: known,
      effect: { kind: 'end', binding: 'b1', reason: 'cessationOfOperation' },
    });
  });

  it('withdraws a registration that is held', async () => {
    await registered({ outcome: 'held', binding: null });
    expect(await judged()).toEqual({ outcome: 'noted', about, effect: { kind: 'withdraw', record: FIRST } });
  });

  it('waits for a registration that is not decided', async () => {
    await registered({ outcome: null });
    await expect(judged()).rejects.toThrow('not decided');
  });

  it.each(['refused', 'noted'] as const)('comes too late for what is %s', async (outcome) => {
    await registered({ outcome });
    expect(await judged()).toEqual(refused('already_decided'));
  });

  it.each<[string, Parameters<typeof bindingWith>[0]]>([
    ['has ended', { endedAt: day(1) }],
    ['was made by another registration', { registration: SECOND }],
    ['is not there', { id: 'b9' }],
  ])('comes too late where the binding %s', async (_, changes) => {
    bound(changes);
    expect(await judged()).toEqual(refused('already_decided'));
  });

  it.each(['installed', 'shown'] as const)('comes too late where the device has it, as %s', async (state) => {
    bound({ state });
    expect(await judged()).toEqual(refused('undo_too_late'));
  });

  it('is its author’s, in the same organisation, for the device that it names', async () => {
    expect(await judged({ of: SECOND })).toEqual(refused('registration_unknown'));
    expect(await judged({}, { author: 'otto' })).toEqual(refused('registration_unknown'));
    expect(await judged({}, { org: SCHOOL })).toEqual(refused('registration_unknown'));
    expect(await judged({ udid: 'acme-2' })).toMatchObject({ code: 'registration_unknown' });
  });

  it('throws where its payload no longer fits', async () => {
    await expect(judged({ of: 'x' })).rejects.toThrow('schema');
  });
});

describe('any record', () => {
  const judged = (record: StoredRecord, approved = false) =>
    judge(record, approved, judgeReads(there), nodeCrypto);
  const payload = { id: FIRST, udid: 'acme-1' };

  it('is noted as a skip, and refused as a kind that is not decided here', async () => {
    expect(await judged(received(payload, { header: { typ: 'skip+jws' } }))).toEqual({
      outcome: 'noted',
      about: {},
    });
    for (const typ of ['release+jws', 'transfer+jws'] as const)
      expect(await judged(received(payload, { header: { typ } }))).toEqual({
        outcome: 'refused',
        code: 'kind_not_supported',
        about: { udid: 'acme-1' },
      });
  });

  it('is undecided while its operator’s key is not there', async () => {
    await expect(judged(received(payload, { header: { kid: 'other' } }))).rejects.toThrow('key');
  });

  it('is held after its operator’s revocation, before anything else is asked, unless a person approves', async () => {
    there.operatorKeys[0] = operatorKey({ revokedAt: day(0) });
    const record = received(payload, { header: { typ: 'release+jws' } });
    expect(await judged(record)).toEqual({
      outcome: 'held',
      code: 'operator_revoked',
      about: { udid: 'acme-1' },
    });
    expect(await judged(record, true)).toMatchObject({ code: 'kind_not_supported' });
  });

  it('is held for its time only where the rules would accept it, and not once a person approved', async () => {
    const device = await makeDevice();
    const registration = registrationOf(device, NORTH_DOMAIN, { id: FIRST });
    const record = received(registration, { header: { anchor: 'never made' } });
    there.bindings.length = 0;
    expect(await judged(record)).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
    const row = listed(there, device, { anchor: 'udid-only' });
    expect(await judged(record)).toMatchObject({ outcome: 'held', code: 'udid_only_row' });
    there.list.length = 0;
    listed(there, device, { ...row, anchor: 'key', publicKey: registration.device.publicKey });
    expect(await judged(record)).toMatchObject({
      outcome: 'held',
      code: 'clock_skew',
      about: { maker: 'acme' },
    });
    there.credentials.length = 0;
    expect(await judged(received(registration))).toMatchObject({
      outcome: 'held',
      code: 'credential_expired',
    });
    expect(await judged(record, true)).toMatchObject({ outcome: 'bind' });
  });
});
