import { beforeEach, describe, expect, it } from 'vitest';
import { fromInstant } from '../../../core/instant.ts';
import { noteContact } from '../../../server/authority/ra/contact/note-contact.ts';
import { renewableFrom, renewCertificate } from '../../../server/authority/ra/contact/renew-certificate.ts';
import type { IssuerName } from '../../../server/ports/issuer-name.ts';
import {
  bindingWith,
  certificateWith,
  day,
  intentWith,
  lineageWith,
  NORTH,
} from '../../support/judge-reads.ts';
import { leafOf } from '../../support/maker-chain.ts';
import { caOver, type Ledger, ledger, ruleStores, transactOver } from '../../support/rule-stores.ts';
import { makeDevice } from '../../support/server-device.ts';

let there: Ledger;
const current = certificateWith({ fingerprint: 'current' });
beforeEach(() => {
  there = ledger();
  there.bindings.push(bindingWith());
  there.certificates.push(current);
});
const events = () => there.trail.map(({ event }) => event);
const set = (changes: Partial<ReturnType<typeof bindingWith>>) => {
  there.bindings[0] = bindingWith(changes);
};

describe('a renewal that the device asks for', () => {
  const renewed = (at: string, of = current, ...missing: readonly string[]) =>
    renewCertificate({ id: 'b1' }, of, Uint8Array.of(0x30, 0), {
      stores: ruleStores(there),
      transact: transactOver(there),
      ca: caOver(there, ...missing),
      clock: { now: () => fromInstant(at) },
    });

  it('is due after two thirds of the certificate’s life', () => {
    expect(renewableFrom(current)).toBe(fromInstant(day(59)));
  });

  it('gets the certificate that it has before that is due', async () => {
    expect(await renewed(day(58))).toEqual(current);
    expect(there.wrote).toEqual(['commit']);
  });

  it('gets a successor, intended before it is signed, and receivers hear of it', async () => {
    expect(await renewed(day(60))).toMatchObject({ serial: '50', fingerprint: 'of 50' });
    expect(there.wrote).toEqual([
      ...['intents.intend', 'audit.append', 'commit', `sign 50 by ${NORTH}`],
      ...['certificates.issue', 'changes.tell', 'audit.append', 'commit'],
    ]);
    expect(there.told).toMatchObject([
      { org: NORTH, event: { kind: 'renewed', udid: 'acme-1', notAfter: day(91) } },
    ]);
    expect(events()).toEqual(['renewal intended', 'renewed']);
  });

  it('gets the same successor again until it has shown it', async () => {
    const first = await renewed(day(60));
    expect(await renewed(day(61))).toEqual(first);
    expect(there.certificates).toHaveLength(2);
  });

  it('has what was interrupted signed, and nothing intended anew', async () => {
    there.intents.push({ intent: intentWith({ serial: '66' }), binding: 'b1' });
    expect(await renewed(day(60))).toMatchObject({ serial: '66' });
    expect(there.wrote).not.toContain('intents.intend');
  });

  it('drops the pending key, since the device goes on with the one it has', async () => {
    there.lineage.push(lineageWith());
    there.certificates.push(certificateWith({ serial: '41', notBefore: day(-2) }));
    await renewed(day(60));
    expect(there.lineage).toMatchObject([{ state: 'dropped' }]);
    expect(there.certificates.find(({ serial }) => serial === '41')?.revokedAt).toBe(day(60));
    expect(events()).toEqual(['re-key dropped', 'renewal intended', 'renewed']);
  });

  it('is signed by the organisation’s newest CA, whichever signed before', async () => {
    const older = certificateWith({ issuer: 'northfield_1' as IssuerName });
    there.certificates[0] = older;
    await renewed(day(60), older);
    expect(there.wrote).toContain(`sign 50 by ${NORTH}`);
  });

  it('gets nothing where the binding has ended or its CA is gone', async () => {
    expect(await renewed(day(60), current, NORTH)).toBeUndefined();
    set({ endedAt: day(50) });
    expect(await renewed(day(60))).toBeUndefined();
    expect(there.wrote).toEqual(['commit']);
  });

  it('gets nothing for a certificate that is on hold', async () => {
    there.certificates[0] = { ...current, revokedAt: day(50), onHold: true };
    expect(await renewed(day(60))).toBeUndefined();
    expect(there.intents).toEqual([]);
  });
});

describe('a handshake', () => {
  const noted = (fingerprint: string, at = day(3)) =>
    noteContact(
      { fingerprint },
      { id: 'b1' },
      {
        stores: ruleStores(there),
        transact: transactOver(there),
        clock: { now: () => fromInstant(at) },
      },
    );

  it('with the newest certificate proves the key and shows the binding, once', async () => {
    await noted('current');
    expect(there.bindings).toMatchObject([{ state: 'shown', unproven: false }]);
    expect(events()).toEqual(['proved its key', 'shown']);
    there.wrote.length = 0;
    await noted('current');
    expect(there.wrote).toEqual([]);
  });

  it('with an older one proves the key, shows nothing and retires nothing', async () => {
    there.certificates.push(certificateWith({ serial: '39', fingerprint: 'older', notBefore: day(-40) }));
    await noted('older');
    expect(events()).toEqual(['proved its key']);
    expect(there.certificates.every(({ revokedAt }) => revokedAt === null)).toBe(true);
    await noted('current');
    expect(there.certificates.find(({ serial }) => serial === '39')?.revokedAt).toBe(day(3));
    expect(there.trail.at(-1)?.detail).toBe('serial 40, retires 39');
  });

  it('with the next key’s certificate takes that key and retires the old one', async () => {
    const der = await leafOf(await makeDevice());
    there.certificates[0] = { ...current, der };
    there.lineage.push(lineageWith());
    there.certificates.push(certificateWith({ serial: '41', fingerprint: 'next', notAfter: day(9) }));
    await noted('current');
    expect(there.certificates.every(({ revokedAt }) => revokedAt === null)).toBe(true);
    await noted('next');
    expect(there.bindings).toMatchObject([{ keyDigest: 'key-2', state: 'shown' }]);
    expect(there.certificates.map(({ revokedAt }) => revokedAt)).toEqual([day(3), null]);
    expect(there.trail.at(-1)?.detail).toBe('serial 41, key key-2 in place of key-1, retires 40');
  });

  it('with the next key’s certificate after its end takes nothing', async () => {
    set({ unproven: false, state: 'shown' });
    there.lineage.push(lineageWith());
    there.certificates.push(certificateWith({ serial: '41', fingerprint: 'next', notAfter: day(3) }));
    await noted('next');
    expect(there.wrote).toEqual([]);
  });

  it('on a binding that has ended, or is not there, writes nothing', async () => {
    set({ endedAt: day(2) });
    await noted('current');
    there.bindings.length = 0;
    await noted('current');
    expect(there.wrote).toEqual([]);
  });
});
