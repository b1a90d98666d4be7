import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ListRow } from '../../../contract/list-row.ts';
import { bindingOfKey } from '../../../server/authority/ra/binding/binding-of-key.ts';
import { formerNames, isRevokedAs } from '../../../server/authority/ra/binding/former-names.ts';
import {
  goodCertificates,
  isAwaited,
  newestOfKey,
} from '../../../server/authority/ra/binding/good-certificates.ts';
import { knownNames, mayBeSilent } from '../../../server/authority/ra/binding/known-names.ts';
import { cameAfterRevocation } from '../../../server/authority/ra/records/after-revocation.ts';
import { findListRow } from '../../../server/authority/ra/records/find-row.ts';
import type { Stores } from '../../../server/ports/stores.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import { fuzzed } from '../../support/fuzzing.ts';
import {
  bindingWith,
  bury,
  certificateWith,
  day,
  type Facts,
  FIRST,
  facts,
  intentWith,
  judgeReads,
  lineageWith,
  NORTH,
  operatorKey,
  received,
  SOUTH,
} from '../../support/judge-reads.ts';
import { leafOf } from '../../support/maker-chain.ts';
import { listRow } from '../../support/records.ts';
import { makeDevice } from '../../support/server-device.ts';

let there: Facts;
beforeEach(() => {
  there = facts();
});
const listed = (changes: Partial<ListRow>, scope = 'real') => {
  const row = listRow(changes);
  there.list.push({ scope, row });
  return row;
};

describe('a record that came after its operator’s revocation', () => {
  /** Five records in a chain, of which the phone had reported the fourth. */
  const digest = (seq: number) => `d${seq}`;
  const of = (seq: number, receivedAt = day(3)) =>
    received({ id: FIRST, udid: 'acme-1' }, { digest: digest(seq), receivedAt, header: { seq } });
  const key = operatorKey({ revokedAt: day(2), covered: { seq: 4, digest: digest(4) } });
  const came = (record = of(2), by = key) => cameAfterRevocation(record, by, judgeReads(there));

  beforeEach(() => {
    for (const seq of [1, 2, 3, 4, 5])
      there.chain.push({ kid: 'k', seq, digest: digest(seq), prev: seq === 1 ? null : digest(seq - 1) });
  });

  it('is none while nobody is revoked, nor if it came before', async () => {
    expect(await came(of(5), operatorKey())).toBe(false);
    expect(await came(of(5, day(2 - 1e-6)))).toBe(false);
    expect(await came(of(5, day(2)))).toBe(true);
  });

  it.each([1, 2, 3, 4])('was captured before, as the reported head links to it: %i', async (seq) => {
    expect(await came(of(seq))).toBe(false);
  });

  it('is not covered behind the head, or without one', async () => {
    expect(await came(of(5))).toBe(true);
    expect(await came(of(2), { ...key, covered: null })).toBe(true);
  });

  it('is not covered by another record in its place, or over a head that is another', async () => {
    expect(await came({ ...of(2), digest: 'made up' })).toBe(true);
    expect(await came(of(4), { ...key, covered: { seq: 4, digest: 'other' } })).toBe(true);
    expect(await came(of(2), { ...key, covered: { seq: 4, digest: 'other' } })).toBe(true);
  });

  it('is not covered over a gap until that has closed', async () => {
    const [gap] = there.chain.splice(2, 1);
    expect(await came()).toBe(true);
    if (gap !== undefined) there.chain.push(gap);
    expect(await came()).toBe(false);
  });

  it('is not covered where a link leads elsewhere, or nowhere', async () => {
    for (const prev of ['elsewhere', null]) {
      const third = there.chain.find((one) => one.seq === 3);
      if (third !== undefined) third.prev = prev;
      expect(await came(of(1))).toBe(true);
      expect(await came(of(2))).toBe(true);
      expect(await came(of(3))).toBe(false);
    }
  });

  it('is not looked for over more records than a phone signs between two contacts', async () => {
    const far = { ...key, covered: { seq: 20_003, digest: 'd20003' } };
    const asked: number[] = [];
    const envelopes = {
      inChain: async (_: string, seq: number) => {
        asked.push(seq);
        return { digest: digest(seq), prev: digest(seq - 1) };
      },
    };
    expect(await cameAfterRevocation(of(2), far, { envelopes })).toBe(true);
    expect(asked).toEqual([]);
    expect(await cameAfterRevocation(of(3), far, { envelopes })).toBe(false);
    expect(asked).toHaveLength(20_000);
  });
});

describe('the row that a registration speaks of', () => {
  const find = async (maker?: string, udid = 'acme-1', publicKey = 'AAAA') =>
    (await findListRow('real', { org: NORTH, maker, udid, publicKey }, judgeReads(there)))?.found.row;

  it('is that of maker and UDID where the phone could tell the maker', async () => {
    const row = listed({ publicKey: 'BBBB' });
    listed({ maker: 'forge' });
    listed({}, 'training:school');
    expect(await find('acme')).toBe(row);
    expect(await find('mint')).toBeUndefined();
  });

  it('is found by the key before the UDID, and by the key only together with the UDID', async () => {
    listed({ publicKey: 'BBBB' });
    const byKey = listed({ maker: 'forge' });
    expect(await find()).toBe(byKey);
    expect(await find(undefined, 'acme-2')).toBeUndefined();
  });

  it('is found by the UDID if only one maker has it', async () => {
    const row = listed({ publicKey: 'BBBB' });
    expect(await find()).toBe(row);
    listed({ maker: 'forge', publicKey: 'CCCC' });
    expect(await find()).toBeUndefined();
  });

  it('is the newest where makers handed the device on under the same UDID', async () => {
    const derivedFrom = { maker: 'acme', udid: 'acme-1' };
    for (const publicKey of ['AAAA', 'BBBB']) {
      there.list.length = 0;
      listed({ publicKey });
      const newest = listed({ maker: 'forge', publicKey, derivedFrom });
      expect(await find()).toBe(newest);
    }
  });
});

describe('the row of several organisations', () => {
  const north = { org: NORTH, maker: 'acme', udid: 'acme-1', publicKey: 'AAAA' };
  const find = (wanted: Partial<typeof north> = {}) =>
    findListRow('real', { ...north, ...wanted }, judgeReads(there));
  const put = (org: string, changes: Partial<ListRow>, signedBy?: string) => {
    const row = listRow(changes);
    there.list.push({ scope: 'real', row, org, ...(signedBy === undefined ? {} : { signedBy }) });
    return row;
  };

  it.each([
    ['its own, which names the key, whoever else has the name', 'BBBB', undefined, 'AAAA', undefined, false],
    ['its own, which the maker signed', 'BBBB', undefined, 'AAAA', 'k', false],
    ['the one that the maker signed, with another key', 'BBBB', 'k', 'AAAA', undefined, true],
    ['the one that the maker signed, with the same key', 'AAAA', 'k', 'AAAA', undefined, true],
    ['its own where both are signed', 'BBBB', 'k', 'AAAA', 'k', false],
    ['the one that names the key', 'AAAA', undefined, 'BBBB', undefined, true],
    ['the one that names the key, though the maker signed its own', 'AAAA', undefined, 'BBBB', 'k', true],
  ] as const)('is %s', async (_, theirKey, theirSigner, ownKey, ownSigner, foreign) => {
    for (const ownFirst of [true, false]) {
      there.list.length = 0;
      const puts = [
        () => put(NORTH, { publicKey: ownKey }, ownSigner),
        () => put(SOUTH, { publicKey: theirKey }, theirSigner),
      ];
      for (const one of ownFirst ? puts : puts.reverse()) one();
      expect(await find()).toMatchObject({ foreign, found: { org: foreign ? SOUTH : NORTH } });
    }
  });

  it('is another’s wherever that one names the key, under any name and maker', async () => {
    put(SOUTH, { udid: 'acme-9' });
    expect(await find()).toMatchObject({ foreign: true, found: { row: { udid: 'acme-9' } } });
    expect(await find({ maker: 'forge' })).toMatchObject({ foreign: true });
    expect(await find({ publicKey: 'CCCC' })).toBeUndefined();
  });

  it('is no rival of a row that the maker signed, and one of a row without a key', async () => {
    put(SOUTH, { publicKey: 'BBBB' });
    const { publicKey: _, ...named } = listRow({ anchor: 'udid-only' });
    there.list.push({ scope: 'real', row: named, org: NORTH });
    expect(await find()).toMatchObject({ foreign: false, rival: { org: SOUTH } });
    there.list.pop();
    there.list.push({ scope: 'real', row: named, org: NORTH, signedBy: 'k' });
    expect(await find()).not.toHaveProperty('rival');
  });

  it('was released to whoever has the row that continues it, where it was handed on and not only said to be', async () => {
    const first = { scope: 'real', row: listRow({}), org: SOUTH, handedTo: 'forge' };
    there.list.push(first);
    put(NORTH, { maker: 'forge', derivedFrom: { maker: 'acme', udid: 'acme-1' } });
    expect(await find()).toMatchObject({ foreign: false, found: { org: SOUTH } });
    there.list.shift();
    put(SOUTH, {});
    expect(await find()).toMatchObject({ foreign: true });
    there.list.length = 0;
    there.list.push(first);
    expect(await find()).toMatchObject({ foreign: true });
  });

  it('is never another organisation’s device, whatever stands on the lists, in any order', async () => {
    const one = fc.record({
      org: fc.constantFrom(NORTH, SOUTH),
      maker: fc.constantFrom('acme', 'forge'),
      udid: fc.constantFrom('acme-1', 'acme-2'),
      publicKey: fc.constantFrom('AAAA', 'BBBB'),
      anchor: fc.constantFrom('key' as const, 'udid-only' as const),
      signedBy: fc.constantFrom(undefined, 'k'),
      from: fc.constantFrom(undefined, 'acme', 'forge'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { maxLength: 5 }),
        fc.constantFrom('acme', undefined),
        async (rows, maker) => {
          there.list.length = 0;
          for (const { org, signedBy, from, publicKey, ...rest } of rows)
            put(
              org,
              {
                ...rest,
                ...(rest.anchor === 'key' ? { publicKey } : {}),
                ...(from === undefined ? {} : { derivedFrom: { maker: from, udid: 'acme-1' } }),
              },
              signedBy,
            );
          // None of these was handed on, so no word of a row about another one counts.
          const found = await findListRow('real', { ...north, maker }, judgeReads(there));
          if (found === undefined) return;
          expect(found.foreign).toBe(found.found.org !== NORTH);
          const theirs = rows.filter(
            ({ org, anchor, publicKey }) => org === SOUTH && anchor === 'key' && publicKey === 'AAAA',
          );
          const { row } = found.found;
          if (!found.foreign && theirs.length > 0)
            expect([row.anchor, row.publicKey]).toEqual(['key', 'AAAA']);
          if (!found.foreign && found.found.signedBy === null)
            expect(theirs.filter(({ signedBy }) => signedBy !== undefined)).toEqual([]);
        },
      ),
      fuzzed(4000),
    );
  });
});

describe('names of a device', () => {
  it('are those that earlier makers gave it, the most recent first', async () => {
    listed({ maker: 'mint', udid: 'mint-1' });
    listed({ maker: 'forge', udid: 'forge-1', derivedFrom: { maker: 'mint', udid: 'mint-1' } });
    const row = listed({ derivedFrom: { maker: 'forge', udid: 'forge-1' } });
    const names = await formerNames('real', row, judgeReads(there));
    expect(names.map(({ udid }) => udid)).toEqual(['forge-1', 'mint-1']);
    // The chain goes by the rows of one scope.
    expect(await formerNames('training:school', row, judgeReads(there))).toHaveLength(1);
    expect(await formerNames('real', undefined, judgeReads(there))).toEqual([]);
  });

  it('end after eight, where rows lead round in a circle', async () => {
    const row = listed({ derivedFrom: { maker: 'acme', udid: 'acme-1' } });
    expect(await formerNames('real', row, judgeReads(there))).toHaveLength(8);
  });

  it('are revoked each by itself', async () => {
    const names = [
      { maker: 'forge', udid: 'forge-1' },
      { maker: 'mint', udid: 'mint-1' },
    ];
    // A key that is nobody's must not pass for the key of a name.
    await bury(there, { spki: new Uint8Array() });
    expect(await isRevokedAs(names, judgeReads(there), nodeCrypto)).toBe(false);
    await bury(there, { udid: 'mint-1' });
    expect(await isRevokedAs(names, judgeReads(there), nodeCrypto)).toBe(true);
    expect(await isRevokedAs(names.slice(0, 1), judgeReads(there), nodeCrypto)).toBe(false);
    expect(await isRevokedAs([], judgeReads(there), nodeCrypto)).toBe(false);
  });

  it.each([
    ['imei-352099001761481', ['352099001761481']],
    ['mac-02000000aa01', ['02000000aa01', '02000000AA01']],
    ['acme-1', []],
  ])('are spelt out by the UDID %s, and completed by the row', (udid, bare) => {
    expect(knownNames(udid, undefined)).toEqual(bare);
    expect(knownNames(udid, listRow({ aliases: ['SN 1'] }))).toEqual([...bare, 'SN 1']);
  });

  it('may be missing in the requests of two drivers', () => {
    expect(['zephyr-cred', 'smp-files', 'esp-claim', ''].filter(mayBeSilent)).toEqual([
      'zephyr-cred',
      'smp-files',
    ]);
  });
});

describe('certificates of a binding', () => {
  const serials = (some: readonly { readonly serial: string }[]) => some.map(({ serial }) => serial);

  it('are those for the bound key, the newest first, and that of the pending key apart', async () => {
    there.certificates.push(
      certificateWith({ serial: '38', notBefore: day(-40) }),
      certificateWith({ serial: '40' }),
      certificateWith({ serial: '39', notBefore: day(-20), revokedAt: day(-2) }),
      certificateWith({ serial: '41', notBefore: day(3) }),
      certificateWith({ serial: '42', binding: 'b2' }),
    );
    const all = await goodCertificates('b1', judgeReads(there));
    expect(serials(all.own)).toEqual(['41', '40', '38']);
    there.lineage.push(lineageWith({ serial: '41' }));
    const good = await goodCertificates('b1', judgeReads(there));
    expect([serials(good.own), good.successor?.serial, good.pending?.serial]).toEqual([
      ['40', '38'],
      '41',
      '41',
    ]);
  });

  it('await a pending key whose certificate is good or about to be signed', async () => {
    const pending = lineageWith();
    const none = { own: [], pending: undefined, successor: undefined };
    const awaited = (good: Parameters<typeof isAwaited>[0]) => isAwaited(good, day(5), judgeReads(there));
    expect(await awaited(none)).toBe(false);
    expect(await awaited({ ...none, pending })).toBe(false);
    expect(await awaited({ ...none, pending, successor: certificateWith({ notAfter: day(6) }) })).toBe(true);
    expect(await awaited({ ...none, pending, successor: certificateWith({ notAfter: day(5) }) })).toBe(false);
    there.intents.push({ intent: intentWith({ serial: '41' }), binding: 'b1' });
    expect(await awaited({ ...none, pending })).toBe(true);
    expect(await awaited({ ...none, pending: lineageWith({ serial: '42' }) })).toBe(false);
  });

  it('are told apart by their keys, revoked or not', async () => {
    const [first, second] = [await makeDevice(), await makeDevice()];
    there.certificates.push(
      certificateWith({ serial: '39', der: await leafOf(first), revokedAt: day(0) }),
      certificateWith({ serial: '40', der: await leafOf(second), notBefore: day(2) }),
      certificateWith({ serial: '38', der: await leafOf(first), notBefore: day(-30) }),
    );
    const newest = async (keyDigest: string) =>
      (await newestOfKey({ binding: 'b1', keyDigest }, judgeReads(there), nodeCrypto))?.serial;
    const key = await nodeCrypto.digest(first.spki);
    // A move was taken back with its certificate: the device has the one before.
    expect(await newest(key)).toBe('38');
    expect(await newest(await nodeCrypto.digest(second.spki))).toBe('40');
    expect(await newest('key-1')).toBeUndefined();
    const [{ der, ...rest } = certificateWith()] = there.certificates;
    // A hold may be lifted, so it hides none; and where all ended the newest did.
    there.certificates[0] = { ...rest, der, onHold: true };
    expect(await newest(key)).toBe('39');
    there.certificates[0] = { ...rest, der };
    there.certificates.pop();
    there.certificates.push(certificateWith({ serial: '38', der, notBefore: day(-30), revokedAt: day(0) }));
    expect(await newest(key)).toBe('39');
  });
});

describe('the binding of a key', () => {
  const spki = Uint8Array.of(0x30, 0);
  const found = async () => {
    const stores = judgeReads(there) as unknown as Pick<Stores, 'bindings' | 'liveBindings' | 'lineage'>;
    return (await bindingOfKey(spki, { stores, crypto: nodeCrypto }))?.id;
  };

  it('is the one that is bound to it, or else the live one that it waits in', async () => {
    const keyDigest = await nodeCrypto.digest(spki);
    expect(await found()).toBeUndefined();
    there.bindings.push(bindingWith());
    there.lineage.push(lineageWith({ keyDigest }));
    expect(await found()).toBe('b1');
    there.bindings.push(bindingWith({ id: 'b2', udid: 'acme-2', keyDigest }));
    expect(await found()).toBe('b2');
    there.bindings.length = 0;
    there.bindings.push(bindingWith({ endedAt: day(1) }));
    expect(await found()).toBeUndefined();
  });

  it.each(['current', 'former', 'dropped'] as const)('is none for a key that is %s', async (state) => {
    there.bindings.push(bindingWith());
    there.lineage.push(lineageWith({ keyDigest: await nodeCrypto.digest(spki), state }));
    expect(await found()).toBeUndefined();
  });
});
