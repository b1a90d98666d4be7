import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../server/ports/stores.ts';
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
      expect(await list.foreign('real', 'hanna-home', 10)).toHaveLength(2);
      await list.trim('northfield', 1);
      expect((await list.ofOrg('northfield', 10)).map(({ row: { udid } }) => udid)).toEqual(['acme-2']);
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
