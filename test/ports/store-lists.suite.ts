import { beforeEach, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { rowDigest } from '../../core/list-lookup.ts';
import type { Database } from '../../server/ports/stores.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { AT, binding, LATER, row } from './store-samples.ts';

/** What every database must do with makers’ lists, their imports and keys. `open` gives an empty one. */
export function listStoreSuite(name: string, open: () => Promise<Database>): void {
  describe(`store over ${name}`, () => {
    let db: Database;
    beforeEach(async () => {
      db = await open();
      return () => db.close();
    });

    it('keeps list rows, and only the newest of a bounded list', async () => {
      const { list, listBulk } = db.stores;
      await listBulk.put([row('northfield', 'acme-1'), row('northfield', 'acme-2')]);
      await listBulk.put([row('northfield', 'acme-2', LATER)]);
      expect(await list.row('real', 'acme', 'acme-1')).toMatchObject({ publicKey: 'key of acme-1' });
      expect(await list.row('training:t', 'acme', 'acme-1')).toBeUndefined();
      expect(await list.byKey('real', 'key of acme-2')).toMatchObject([{ udid: 'acme-2' }]);
      await list.trim('northfield', 1);
      expect((await list.ofOrg('northfield', 10)).map(({ row: { udid } }) => udid)).toEqual(['acme-2']);
    });

    it('tells what changed in a list since, with the digests that phones compute', async () => {
      const { list, listBulk, listFeed } = db.stores;
      const told = async (org: string, n = 0) =>
        (
          await listFeed.after('real', org, n, { changes: 100, plainFrom: await listFeed.newestFrom(org, 2) })
        ).map((one) => [one.is, toBase64Url(one.digest), one.row?.udid]);
      const digest = async (udid: string, key = `keyof${udid}`) => {
        const spki = fromBase64Url(key.replaceAll('-', '').padEnd(16, 'A')) ?? new Uint8Array();
        return rowDigest(await listFeed.salt(), udid, spki, nodeCrypto);
      };
      const keyed = (org: string, udid: string, key = `keyof${udid}`) => {
        const one = row(org, udid);
        return { ...one, row: { ...one.row, publicKey: key.replaceAll('-', '').padEnd(16, 'A') } };
      };
      const names = ['acme-1', 'acme-2', 'acme-3'];
      await listBulk.put(names.map((udid) => keyed('northfield', udid)));
      await listBulk.put([keyed('hanna-home', 'acme-4')]);
      // The newest two of its own are plain, and nobody's else.
      expect(await told('northfield')).toEqual([
        ['there', await digest('acme-1'), undefined],
        ['there', await digest('acme-2'), 'acme-2'],
        ['there', await digest('acme-3'), 'acme-3'],
        ['there', await digest('acme-4'), undefined],
      ]);
      const first = await listFeed.newest('real');
      expect(await told('northfield', first)).toEqual([]);
      expect(await listFeed.newest('training:t')).toBe(0);

      // What is written again as it was, or marked, changes nothing for them.
      await listBulk.put([
        keyed('northfield', 'acme-1'),
        { ...keyed('northfield', 'acme-2'), handedTo: 'next' },
      ]);
      expect(await listFeed.newest('real')).toBe(first);

      // A row with another key: the old digest has gone.
      await listBulk.put([keyed('northfield', 'acme-1', 'another')]);
      expect(await told('hanna-home', first)).toEqual([
        ['there', await digest('acme-1', 'another'), undefined],
        ['gone', await digest('acme-1'), undefined],
      ]);
      // A row that changes hands is plain to its new owner and no more to the old one, and others see no difference.
      const second = await listFeed.newest('real');
      await list.move('real', { maker: 'acme', udid: 'acme-2' }, 'northfield', 'hanna-home');
      const moved = await digest('acme-2');
      expect(await told('northfield', second)).toEqual([
        ['there', moved, undefined],
        ['moved', moved, undefined],
      ]);
      expect(await told('hanna-home', second)).toEqual([['there', moved, 'acme-2']]);
      // A digest that another row has still does not go.
      await listBulk.put([keyed('hanna-home', 'acme-3')]);
      const third = await listFeed.newest('real');
      await listBulk.put([keyed('hanna-home', 'acme-3', 'other')]);
      expect((await told('hanna-home', third)).map(([is]) => is)).toEqual(['there']);
      await list.trim('hanna-home', 0);
      expect((await told('northfield', third)).filter(([is]) => is === 'gone')).toHaveLength(3);
      expect(await listFeed.isWhole()).toBe(true);
      expect(await listFeed.digestSome(10)).toBe(0);
    });

    it('tells the key that a listed device has taken in the place of its first', async () => {
      const { listBulk, listFeed, lineage } = db.stores;
      const [old, next] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)];
      const one = row('northfield', 'acme-1');
      const listed = { ...one, row: { ...one.row, publicKey: toBase64Url(old) } };
      await listBulk.put([listed]);
      const before = await listFeed.newest('real');
      const key = {
        maker: 'acme',
        udid: 'acme-1',
        binding: 'b',
        request: null,
        serial: null,
        firstUse: false,
        at: AT,
      };
      const digestOf = async (spki: Uint8Array) => nodeCrypto.digest(Uint8Array.from(spki));
      await lineage.put({ ...key, keyDigest: await digestOf(old), spki: old, state: 'former' });
      await lineage.put({ ...key, keyDigest: await digestOf(next), spki: next, state: 'current' });
      const limits = { changes: 10, plainFrom: 0 };
      const [there, gone] = await listFeed.after('real', 'northfield', before, limits);
      const salt = await listFeed.salt();
      expect(there).toMatchObject({ is: 'there', row: { publicKey: toBase64Url(next) } });
      expect(toBase64Url(there?.digest ?? old)).toBe(await rowDigest(salt, 'acme-1', next, nodeCrypto));
      expect(toBase64Url(gone?.digest ?? old)).toBe(await rowDigest(salt, 'acme-1', old, nodeCrypto));
      // Imported again as the maker wrote it, the row still means the device as it is.
      const then = await listFeed.newest('real');
      await listBulk.put([listed]);
      expect(await listFeed.after('real', 'northfield', then, limits)).toEqual([]);
      expect(await listFeed.after('real', 'hanna-home', 0, limits)).toMatchObject([
        { is: 'there', digest: there?.digest },
        { is: 'gone' },
      ]);
    });

    it('pages through a list by name, and tells what never bound', async () => {
      const { listBulk, bindings } = db.stores;
      const names = ['acme-3', 'acme-1', 'acme-2'];
      await listBulk.put(names.map((udid) => row('northfield', udid)));
      await listBulk.put([row('hanna-home', 'acme-4')]);
      const page = await listBulk.page('northfield', { maker: 'acme', udid: 'acme-1' }, 1);
      expect(page).toEqual([row('northfield', 'acme-2')]);
      expect(await listBulk.named('real', [{ maker: 'other', udid: 'acme-1' }])).toEqual([]);
      expect(await listBulk.named('real', [{ maker: 'acme', udid: 'acme-4' }])).toHaveLength(1);
      const vouched = row('northfield', 'acme-5');
      await listBulk.put([{ ...vouched, row: { ...vouched.row, anchor: 'voucher', voucher: { tpm: 't' } } }]);
      expect(await listBulk.keyed('real', ['key of acme-1'], ['t'])).toHaveLength(2);
      await bindings.open(binding({ udid: 'acme-2' }));
      const unused = await listBulk.unused('northfield', LATER, undefined, 10);
      expect(unused.map(({ row: { udid } }) => udid)).toEqual(['acme-1', 'acme-3', 'acme-5']);
      expect(await listBulk.unused('northfield', AT, undefined, 10)).toEqual([]);
    });

    it('keeps how far an import came, one that has not ended for each file', async () => {
      const { listJobs } = db.stores;
      const counts = { offset: 10, line: 2, imported: 1, unchanged: 0, faults: 0, rejectedBytes: 0 };
      const file = { org: 'o', digest: 'd', maker: null, signer: null };
      const job = { id: 'j', ...file, startedAt: AT, finishedAt: null, ...counts };
      await listJobs.save(job);
      await listJobs.save({ ...job, offset: 20 });
      expect(await listJobs.open('o', 'd', null, null)).toEqual({ ...job, offset: 20 });
      expect(await listJobs.open('o', 'd', null, 'key')).toBeUndefined();
      await expect(listJobs.save({ ...job, id: 'k' })).rejects.toThrow();
      await listJobs.save({ ...job, finishedAt: AT });
      expect(await listJobs.open('o', 'd', null, null)).toBeUndefined();
    });

    it('keeps makers’ keys until they are ended, and gives a TPM’s challenge once', async () => {
      const { makerKeys, tpms } = db.stores;
      const key = {
        org: 'o',
        maker: 'acme',
        digest: 'd',
        spki: Uint8Array.of(1),
        addedAt: AT,
        addedBy: 'sam',
      };
      await makerKeys.add(key);
      expect(await makerKeys.live('o')).toEqual([key]);
      expect([await makerKeys.end('o', 'd', AT), await makerKeys.end('o', 'd', AT)]).toEqual([true, false]);
      expect(await makerKeys.live('o')).toEqual([]);
      const challenge = { id: 'c', ek: 'e', secret: 's', ak: Uint8Array.of(2), expiresAt: AT };
      await tpms.challenge(challenge, AT);
      await tpms.challenge({ ...challenge, id: 'late', expiresAt: LATER }, LATER);
      expect(await tpms.redeem('c')).toBeUndefined();
      expect(await tpms.redeem('late')).toEqual({ ...challenge, id: 'late', expiresAt: LATER });
      expect(await tpms.redeem('late')).toBeUndefined();
      await tpms.recordKey('e', 'k', AT);
      await tpms.recordKey('e', 'k', LATER);
      expect([await tpms.hasKey('e', 'k'), await tpms.hasKey('e', 'other')]).toEqual([true, false]);
    });
  });
}
