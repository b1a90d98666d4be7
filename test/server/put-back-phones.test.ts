import { afterEach, describe, expect, it } from 'vitest';
import { PHOTO_PART_BYTES } from '../../contract/photo.ts';
import type { Registration } from '../../contract/registration.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { NodePhone } from '../support/node-phone.ts';
import { type PutBack, startPutBack } from '../support/put-back.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';

const ORG = 'northfield';

let there: PutBack | undefined;
afterEach(async () => {
  await there?.close();
  there = undefined;
});

async function stage(devices: number) {
  const opened = await startPutBack();
  there = opened;
  const pool: TestDevice[] = [];
  for (let i = 0; i < devices; i++) pool.push(await makeDevice());
  const rows = pool.map((device) => rowOf(device));
  expect((await opened.server.importList(ORG, rows)).errors).toEqual([]);
  let next = 0;
  const phone = (person: string) => new NodePhone(person, () => opened.server.url);
  return {
    there: opened,
    phone,
    async register(
      by: NodePhone,
      count: number,
      changes: Partial<Omit<Registration, 'device'>> = {},
    ): Promise<QueuedRecord[]> {
      const made: QueuedRecord[] = [];
      for (let i = 0; i < count; i++) {
        const device = pool[next++];
        if (device === undefined) throw new Error('too few devices');
        made.push(await by.register(ORG, registrationOf(device, OAK_STREET, changes)));
      }
      return made;
    },
    async settle(...phones: NodePhone[]) {
      await opened.server.running.decider.run();
      for (const one of phones) expect(await one.drain()).toMatchObject({ kind: 'done' });
    },
    async confirmAll() {
      const { server } = opened;
      expect(await server.fieldbind('operator', 'confirm', '--all', '--by', 'ada')).toMatchObject({
        code: 0,
      });
      await server.running.decider.run();
    },
    async revoke(row: QueuedRecord) {
      const words = ['--udid', row.udid, '--maker', 'acme', '--reason', 'keyCompromise', '--by', 'ada'];
      expect(await opened.server.fieldbind('revoke', ...words)).toMatchObject({ code: 0 });
    },
    async verdict(row: QueuedRecord): Promise<unknown> {
      const body = JSON.stringify({ certificate: row.certificate?.leafPem, domain: OAK_STREET });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${opened.server.url}/api/verify`, { method: 'POST', headers, body });
      return ((await answer.json()) as { verdict: unknown }).verdict;
    },
    /** Live bindings and certificates of each device, as the database has them. */
    async certificatesOf(row: QueuedRecord) {
      const { stores } = opened.server.running.installation;
      const live = (await stores.bindingHistory.ofUdid(row.udid)).filter(({ endedAt }) => endedAt === null);
      const serials = await Promise.all(live.map(({ id }) => stores.certificates.ofBinding(id)));
      return { live: live.length, serials: serials.flat().map(({ serial }) => serial) };
    },
  };
}

const row = (phone: NodePhone, { id }: QueuedRecord) => phone.storage.rows.get(id) as QueuedRecord;

describe('three phones and a backend that was put back to a copy', () => {
  it('all records come back by themselves, nobody is bound twice, and nobody revoked is revived', async () => {
    const it = await stage(40);
    const [ines, sam, ada] = [it.phone('ines'), it.phone('sam'), it.phone('ada')];
    for (const one of [ines, sam]) expect(await one.signIn()).toEqual({ ok: true });
    const before = [...(await it.register(ines, 4)), ...(await it.register(sam, 3))];
    await ines.drain();
    await sam.drain();
    await it.settle(ines, sam);
    await it.there.copy();

    // Ada's phone is enrolled since.
    expect(await ada.signIn()).toEqual({ ok: true });
    const lostInes = await it.register(ines, 8);
    const lostSam = await it.register(sam, 8);
    const lostAda = await it.register(ada, 6);
    for (const one of [ines, sam, ada]) await one.drain();
    await it.settle(ines, sam, ada);
    const all = [ines, sam, ada].flatMap((one) => one.rows());
    expect(all.map(({ state }) => state)).toEqual(all.map(() => 'bound'));
    const written = await ines.confirm(row(ines, lostInes[0] as QueuedRecord));
    const [revokedKnown, revokedLost] = [before[0] as QueuedRecord, lostSam[0] as QueuedRecord];
    await it.revoke(revokedKnown);
    await it.revoke(revokedLost);
    // Packs that know of it; and one phone goes offline with records that nobody else has.
    for (const one of [ines, sam, ada]) expect(await one.signIn()).toEqual({ ok: true });
    await it.settle(ines, sam, ada);
    const unsent = await it.register(sam, 2);
    const fingerprints = new Map(
      [...ines.rows(), ...sam.rows(), ...ada.rows()].map((one) => [one.id, one.certificate?.fingerprint]),
    );

    const server = await it.there.putBack();
    // Everybody's session has ended, and nothing else is wrong.
    for (const one of [ines, ada])
      expect(await one.drain()).toEqual({ kind: 'stopped', sent: 0, failure: { kind: 'signed_out' } });
    for (const one of [ines, ada, sam]) expect(await one.signIn()).toEqual({ ok: true });
    await it.settle(ines, sam, ada);
    await it.confirmAll();
    await it.settle(ines, sam, ada);

    const phones = [ines, sam, ada];
    for (const one of phones) expect((await one.outbox.summary()).unsent).toBe(0);
    expect((await ines.outbox.summary()).again).toMatchObject({
      of: 9,
      done: 9,
      putBack: true,
      isOver: true,
    });
    expect((await ada.outbox.summary()).again).toMatchObject({ of: 6, done: 6, isOver: true });
    const { stores } = server.running.installation;
    for (const one of phones)
      for (const { digest } of one.rows()) expect(await stores.envelopes.byDigest(digest)).toBeDefined();

    const bad = new Set([revokedKnown.id, revokedLost.id]);
    const registrations = phones.flatMap((one) => one.rows()).filter(({ typ }) => typ === 'registration+jws');
    for (const one of registrations) {
      if (bad.has(one.id)) continue;
      expect([one.id, one.state]).toEqual([one.id, one.id === written.about ? 'installed' : 'bound']);
      const had = fingerprints.get(one.id);
      if (had !== undefined) expect(one.certificate?.fingerprint).toBe(had);
      const { live, serials } = await it.certificatesOf(one);
      expect({ live, serials: serials.length }).toEqual({ live: 1, serials: 1 });
      expect(await it.verdict(one)).toBe('trusted');
    }
    for (const one of [row(ines, revokedKnown), row(sam, revokedLost)])
      expect(await it.verdict({ ...one, certificate: one.certificate })).not.toBe('trusted');
    expect(unsent.map((one) => row(sam, one).state)).toEqual(['bound', 'bound']);
    expect(server.faults).toEqual([]);
    expect(lostAda).toHaveLength(6);
  });

  it('an app that kept no credential enrols its key again: its records are held until somebody confirms the person', async () => {
    const it = await stage(6);
    const ada = it.phone('ada');
    await it.there.copy();
    expect(await ada.signIn()).toEqual({ ok: true });
    const lost = await it.register(ada, 4);
    await ada.drain();
    await it.settle(ada);
    const fresh = await it.register(ada, 1);
    // As an earlier version left it.
    ada.work.credentialTexts.length = 0;
    const server = await it.there.putBack();
    expect(await ada.signIn()).toEqual({ ok: true });
    const unknown = { kind: 'refused', code: 'operator_key_unknown', detail: '' };
    expect(await ada.drain()).toEqual({ kind: 'stopped', sent: 0, failure: unknown });
    expect(row(ada, fresh[0] as QueuedRecord)).toMatchObject({
      state: 'saved',
      fault: { code: 'operator_key_unknown' },
    });
    const needed = { kind: 'refused', code: 'confirmation_needed' };
    expect(await ada.signIn(true)).toMatchObject({ ok: false, failure: needed });
    await ada.outbox.noteAccord({ unknownKid: null, at: 0, notBefore: 0 });
    expect(await ada.drain()).toMatchObject({ kind: 'done' });
    await it.settle(ada);
    for (const one of [...lost, ...fresh]) expect(['bound', 'held']).toContain(row(ada, one).state);
    expect(row(ada, fresh[0] as QueuedRecord)).toMatchObject({ state: 'held', code: 'operator_unconfirmed' });
    await it.confirmAll();
    expect(await ada.signIn(true)).toEqual({ ok: true });
    await it.settle(ada);
    for (const one of lost) expect(row(ada, one).state).toBe('bound');
    expect(server.faults).toEqual([]);
  });

  it('photos come again too, where the backend lost them', async () => {
    const it = await stage(1);
    const ines = it.phone('ines');
    expect(await ines.signIn()).toEqual({ ok: true });
    await it.there.copy();
    const data = new Uint8Array(PHOTO_PART_BYTES + 1000).fill(7);
    data.set([0xff, 0xd8, 0xff]);
    const digest = await ines.photos.add(data);
    const place = { photos: [{ digest, bytes: data.length }] };
    const [made] = await it.register(ines, 1, { place });
    ines.photos.record = { id: made?.id ?? '', org: ORG };
    await ines.drain();
    await ines.uploadPhotos();
    expect(ines.photos.rows.get(digest)).toMatchObject({ state: 'kept' });
    const server = await it.there.putBack();
    expect(await ines.signIn()).toEqual({ ok: true });
    await ines.uploadPhotos();
    expect(ines.photos.rows.get(digest)).toMatchObject({ state: 'kept' });
    const { photos } = server.running.installation.stores;
    expect(await photos.photo(ORG, digest)).toMatchObject({ have: data.length, keptAt: expect.anything() });
  });

  it('a phone that cannot send any more gives what the backend had signed for to a colleague, as a file', async () => {
    const it = await stage(4);
    const [ines, ada] = [it.phone('ines'), it.phone('ada')];
    for (const one of [ines, ada]) expect(await one.signIn()).toEqual({ ok: true });
    // The key that files are sealed to is made when the first phone asks for it.
    await ines.rescueFile();
    await it.there.copy();
    const lost = await it.register(ines, 4);
    await ines.drain();
    await it.settle(ines);
    const file = await ines.rescueFile();
    const server = await it.there.putBack();
    expect(await ada.signIn()).toEqual({ ok: true });
    expect(await ada.importFile(file)).toEqual({ kind: 'done', taken: 4, known: 0, refused: 0 });
    const { stores } = server.running.installation;
    for (const { digest } of lost) expect(await stores.envelopes.byDigest(digest)).toBeDefined();
    // Its phone, in touch after all, has nothing to send again, and hears what became of them.
    expect(await ines.signIn()).toEqual({ ok: true });
    expect((await ines.outbox.summary()).again).toBeUndefined();
    await it.confirmAll();
    await it.settle(ines);
    for (const one of lost) expect(row(ines, one).state).toBe('bound');
    expect(server.faults).toEqual([]);
  });
});
