import { beforeEach, describe, expect, it } from 'vitest';
import type { LineageKey } from '../../server/ports/key-lineage.ts';
import type { Database } from '../../server/ports/stores.ts';
import { AT, binding, intent, LATER, NORTHFIELD } from './store-samples.ts';

export const lineageKey = (changes: Partial<LineageKey> = {}): LineageKey => ({
  keyDigest: 'key-2',
  spki: Uint8Array.of(48, 2, 0),
  maker: 'acme',
  udid: 'acme-1',
  binding: 'b1',
  request: Uint8Array.of(48, 3),
  serial: '40',
  state: 'pending',
  firstUse: false,
  at: AT,
  ...changes,
});

/** What every database must do with the keys that devices had one after the other. `open` gives an empty one. */
export function lineageStoreSuite(name: string, open: () => Promise<Database>): void {
  describe(`store of lineages over ${name}`, () => {
    let db: Database;
    beforeEach(async () => {
      db = await open();
      return () => db.close();
    });

    it('keeps each key once, whatever becomes of it', async () => {
      const { lineage } = db.stores;
      await lineage.put(lineageKey());
      expect(await lineage.byKey('key-2')).toEqual(lineageKey());
      expect(await lineage.byKey('key-1')).toBeUndefined();
      expect(await lineage.pendingOf('b1')).toEqual(lineageKey());
      const first = lineageKey({ keyDigest: 'key-1', request: null, serial: null, state: 'former' });
      await lineage.put(first);
      await lineage.put(lineageKey({ state: 'current', at: LATER, firstUse: true }));
      expect(await lineage.pendingOf('b1')).toBeUndefined();
      const all = [first, lineageKey({ state: 'current', at: LATER, firstUse: true })];
      expect(await lineage.ofDevice('acme', 'acme-1')).toEqual(all);
      expect(await lineage.ofDevice('other', 'acme-1')).toEqual([]);
    });

    it('lets one key at most wait in a binding, and drops it with that', async () => {
      const { lineage, bindings } = db.stores;
      await bindings.open(binding());
      await lineage.put(lineageKey());
      await expect(lineage.put(lineageKey({ keyDigest: 'key-3' }))).rejects.toThrow();
      await lineage.put(lineageKey({ keyDigest: 'key-4', binding: 'b2' }));
      await bindings.end('b1', LATER);
      expect(await lineage.byKey('key-2')).toMatchObject({ state: 'dropped', at: LATER });
      expect(await lineage.byKey('key-4')).toMatchObject({ state: 'pending' });
    });

    it('names the key that a device is known by, and counts that as news', async () => {
      const { lineage, versions } = db.stores;
      const before = await versions.version('real');
      await lineage.put(lineageKey());
      expect(await versions.version('real')).toBe(before);
      expect(await lineage.successors(10)).toEqual([]);
      await lineage.put(lineageKey({ keyDigest: 'key-1', state: 'former' }));
      await lineage.put(lineageKey({ keyDigest: 'key-4', udid: 'acme-5', state: 'former' }));
      await lineage.put(lineageKey({ state: 'current' }));
      await lineage.put(lineageKey({ keyDigest: 'key-5', udid: 'acme-5', state: 'current', firstUse: true }));
      expect(await versions.version('real')).not.toBe(before);
      const { spki } = lineageKey();
      expect(await lineage.successors(10)).toEqual([{ former: 'key-1', spki }]);
    });

    it('gives a binding another key, by which it is found and nobody else bound', async () => {
      const { bindings, liveBindings } = db.stores;
      await bindings.open(binding());
      await bindings.rekey('b1', 'key-2');
      expect(await liveBindings.byKey('key-1')).toBeUndefined();
      expect(await liveBindings.byKey('key-2')).toMatchObject({ id: 'b1', keyDigest: 'key-2' });
      await expect(
        bindings.open(binding({ id: 'b2', udid: 'acme-2', keyDigest: 'key-2' })),
      ).rejects.toThrow();
      await bindings.open(binding({ id: 'b3', udid: 'acme-3' }));
      await expect(bindings.rekey('b3', 'key-2')).rejects.toThrow();
    });

    it('says when a device must be renewed by the certificates of the bound key alone', async () => {
      const { lineage, bindings, liveBindings, certificates, revocations, intents, dueNotices } = db.stores;
      const soon = '2026-02-01T00:00:00.000Z';
      const last = '2027-01-01T00:00:00.000Z';
      const never = '2028-01-01T00:00:00.000Z';
      const issue = async (serial: string, notAfter: string) => {
        await intents.intend({ ...intent, serial, notAfter }, 'b1');
        await certificates.issue(serial, { der: Uint8Array.of(48, 0), fingerprint: `of ${serial}` });
      };
      const told = async (before = soon) =>
        (await dueNotices.untold('northfield', before, 10)).map(({ serial }) => serial);
      await bindings.open(binding());
      await issue('39', LATER);
      await issue('40', last);
      await lineage.put(lineageKey());
      expect(await liveBindings.due(soon, 10)).toMatchObject([{ binding: { id: 'b1' }, notAfter: LATER }]);
      expect([await told(), await told(never)]).toEqual([['39'], ['39']]);
      await lineage.put(lineageKey({ state: 'current' }));
      expect(await liveBindings.due(soon, 10)).toEqual([]);
      expect(await told()).toEqual([]);
      // One that was given up is no successor.
      await lineage.put(lineageKey({ state: 'dropped' }));
      await revocations.revoke('40', AT, 'superseded');
      expect(await liveBindings.due(soon, 10)).toMatchObject([{ notAfter: LATER }]);
      expect(await told()).toEqual(['39']);
    });

    it('revokes nothing that was never signed', async () => {
      const { intents, revocations, certificateStates } = db.stores;
      await intents.intend(intent, 'b1');
      await intents.abandon(intent.serial);
      expect(await revocations.revoke(intent.serial, LATER, 'superseded')).toEqual([]);
      expect(await certificateStates.revokedBy(NORTHFIELD)).toEqual([]);
      expect(await certificateStates.revocations(NORTHFIELD)).toBe(0);
    });

    it('looks many keys up at a time', async () => {
      await db.stores.lineage.put(lineageKey());
      await db.stores.lineage.put(lineageKey({ keyDigest: 'key-1', state: 'former', request: null }));
      const found = await db.inGroup((tx) =>
        Promise.all(['key-1', 'key-2', 'key-3'].map((digest) => tx.lineage.byKey(digest))),
      );
      expect(found).toEqual([
        lineageKey({ keyDigest: 'key-1', state: 'former', request: null }),
        lineageKey(),
        undefined,
      ]);
    });
  });
}
