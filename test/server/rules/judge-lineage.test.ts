import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../core/bytes.ts';
import {
  asRecorded,
  judgeLineage,
  type KeyStanding,
} from '../../../server/authority/ra/records/judge-lineage.ts';
import type { LineageKey } from '../../../server/ports/key-lineage.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  certificateWith,
  day,
  type Facts,
  facts,
  judgeReads,
  lineageWith,
  NORTH_DOMAIN,
  SCHOOL_SCOPE,
} from '../../support/judge-reads.ts';
import { A_DIGEST, registrationOf, rowOf, type TestDevice } from '../../support/server-device.ts';

const NAME = { maker: 'acme', udid: 'acme-1' };

let there: Facts;
beforeEach(() => {
  there = facts();
});
const recorded = (changes: Partial<LineageKey> = {}) => {
  const key = lineageWith(changes);
  there.lineage.push(key);
  return key;
};
const judged = (names = [NAME], { scope = 'real', now = day(1) } = {}) =>
  judgeLineage(scope, names, { keyDigest: 'key-2', now }, judgeReads(there));

describe('the standing of a key', () => {
  it('is unrecorded where nobody had it, or whoever asked for it gave it up', async () => {
    expect(await judged()).toEqual({ kind: 'unrecorded' });
    recorded({ state: 'dropped', udid: 'acme-9' });
    expect(await judged()).toEqual({ kind: 'unrecorded' });
  });

  it.each(['current', 'former'] as const)('is foreign where it is another device’s %s key', async (state) => {
    recorded({ state, udid: 'acme-9' });
    expect(await judged()).toEqual({ kind: 'foreign' });
    there.lineage.length = 0;
    recorded({ state, maker: 'forge' });
    expect(await judged()).toEqual({ kind: 'foreign' });
  });

  it('says which key waits where it is another device’s next one', async () => {
    const waits = recorded({ udid: 'acme-9' });
    expect(await judged()).toEqual({ kind: 'foreign', waits });
  });

  it('is former where the device has replaced it since', async () => {
    recorded({ state: 'former' });
    expect(await judged()).toEqual({ kind: 'former' });
  });

  it('is the device’s own under every name that makers gave it', async () => {
    recorded({ state: 'current', maker: 'forge', udid: 'forge-9' });
    expect(await judged()).toEqual({ kind: 'foreign' });
    expect(await judged([NAME, { maker: 'forge', udid: 'forge-9' }])).toMatchObject({ kind: 'own' });
  });

  it('is anchored as well as the key before it', async () => {
    recorded({ state: 'current', firstUse: true });
    expect(await judged()).toMatchObject({ kind: 'own', anchored: false, pendingIn: undefined });
    there.lineage.length = 0;
    recorded({ state: 'current' });
    expect(await judged()).toMatchObject({ kind: 'own', anchored: true, pendingIn: undefined });
  });

  it('comes with all keys that were ever shown, those of earlier names too', async () => {
    recorded({ state: 'current' });
    recorded({ state: 'former', keyDigest: 'key-1' });
    recorded({ state: 'dropped', keyDigest: 'key-3' });
    recorded({ state: 'former', keyDigest: 'key-0', maker: 'forge', udid: 'forge-9' });
    recorded({ state: 'former', keyDigest: 'key-x', udid: 'acme-9' });
    expect(await judged([NAME, { maker: 'forge', udid: 'forge-9' }])).toMatchObject({
      lineage: new Set(['key-2', 'key-1', 'key-0']),
    });
  });
});

describe('a pending key', () => {
  it('is the device’s own while its certificate is good, with the bound key in its lineage', async () => {
    recorded();
    there.bindings.push(bindingWith());
    there.certificates.push(
      certificateWith({ serial: '40' }),
      certificateWith({ serial: '41', notAfter: day(9) }),
    );
    expect(await judged()).toEqual({
      kind: 'own',
      anchored: true,
      pendingIn: 'b1',
      lineage: new Set(['key-2', 'key-1']),
    });
    expect(await judged([NAME], { now: day(9) })).toEqual({ kind: 'unrecorded' });
  });

  it('is unrecorded before its certificate is signed, whatever else the binding has', async () => {
    recorded();
    there.bindings.push(bindingWith());
    there.certificates.push(
      certificateWith({ serial: '40' }),
      certificateWith({ serial: '41', binding: 'b2' }),
    );
    expect(await judged()).toEqual({ kind: 'unrecorded' });
  });
});

describe('practice', () => {
  it('learns of a real device’s key only that it waits there', async () => {
    const key = recorded();
    expect(await judged([NAME], { scope: SCHOOL_SCOPE })).toEqual({ kind: 'foreign' });
    for (const state of ['current', 'former', 'dropped'] as const) {
      there.lineage[0] = { ...key, state };
      expect(await judged([NAME], { scope: SCHOOL_SCOPE })).toEqual({ kind: 'unrecorded' });
    }
  });
});

describe('evidence, with what is recorded', () => {
  const bytes = (n: number) => Uint8Array.of(0x30, 1, n);
  const [first, now, stranger] = [bytes(1), bytes(2), bytes(3)];
  const device = { ...NAME, spki: now, csr: bytes(0) } as Pick<
    TestDevice,
    'maker' | 'udid' | 'spki' | 'csr'
  > as TestDevice;
  const text = { first: toBase64Url(first), now: toBase64Url(now), stranger: toBase64Url(stranger) };

  const own = async (
    changes: { anchored?: boolean; of?: readonly Uint8Array[] } = {},
  ): Promise<KeyStanding> => ({
    kind: 'own',
    anchored: changes.anchored ?? true,
    pendingIn: undefined,
    lineage: new Set(await Promise.all((changes.of ?? [first, now]).map((key) => nodeCrypto.digest(key)))),
  });
  const labelled = (publicKey?: string) => {
    const label = { how: 'typed' as const, kind: 'text', text: 'acme-1', aliases: [] };
    return registrationOf(device, NORTH_DOMAIN, {
      label: publicKey === undefined ? label : { ...label, publicKey },
    });
  };
  const row = (publicKey: string) => rowOf(device, { publicKey });

  it('is as it was unless the key is the device’s own', async () => {
    const [registration, listed] = [labelled(text.first), row(text.first)];
    for (const standing of [{ kind: 'unrecorded' }, { kind: 'former' }, { kind: 'foreign' }] as const)
      expect(await asRecorded(registration, listed, standing, nodeCrypto)).toEqual({
        registration,
        row: listed,
      });
  });

  it('has the key of today where label and row name an earlier one', async () => {
    const said = await asRecorded(labelled(text.first), row(text.first), await own(), nodeCrypto);
    expect([said.registration.label.publicKey, said.row?.publicKey]).toEqual([text.now, text.now]);
  });

  it('keeps a key that was never the device’s, and a label without one', async () => {
    const said = await asRecorded(labelled(text.stranger), row(text.stranger), await own(), nodeCrypto);
    expect([said.registration.label.publicKey, said.row?.publicKey]).toEqual([text.stranger, text.stranger]);
    const silent = labelled();
    expect(await asRecorded(silent, undefined, await own(), nodeCrypto)).toEqual({
      registration: silent,
      row: undefined,
    });
  });

  it('lets no row vouch for the keys after one that was trusted at first use', async () => {
    const unanchored = await own({ anchored: false });
    const said = await asRecorded(labelled(text.first), row(text.first), unanchored, nodeCrypto);
    expect([said.registration.label.publicKey, said.row?.publicKey]).toEqual([text.now, text.first]);
    const vouching = rowOf(device, { anchor: 'voucher', voucher: { key: await nodeCrypto.digest(first) } });
    expect((await asRecorded(labelled(), vouching, unanchored, nodeCrypto)).row).toEqual(vouching);
  });

  it('has a voucher for an earlier key vouch for today’s, and leaves the rest of it', async () => {
    const voucher = { key: await nodeCrypto.digest(first), tpm: A_DIGEST };
    const vouching = rowOf(device, { anchor: 'voucher', voucher });
    const said = await asRecorded(labelled(), vouching, await own(), nodeCrypto);
    expect(said.row?.voucher).toEqual({ key: await nodeCrypto.digest(now), tpm: A_DIGEST });
    const other = rowOf(device, { anchor: 'voucher', voucher: { key: await nodeCrypto.digest(stranger) } });
    expect((await asRecorded(labelled(), other, await own(), nodeCrypto)).row).toEqual(other);
  });
});
