import { openDB } from 'idb';
import { afterEach, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { signJws } from '../../core/jws.ts';
import { FIRST_MINE } from '../../src/ports/devices.ts';
import { IdbDevices } from '../../src/storage/devices.ts';
import { IdbOutbox } from '../../src/storage/outbox.ts';
import {
  credential,
  crypto,
  digest,
  makeKey,
  ORG,
  queuedRecord,
  recordId,
  registration,
  type TestKey,
} from '../support/records.ts';
import { dropDatabases, freshDatabase, openDatabase } from './databases.ts';

afterEach(dropDatabases);

// A phone of two people, full of records of the version before there were lists of devices.
const ALL = 10_000;
const NOW = Date.UTC(2026, 0, 2);
const [INES, JO] = ['ines', 'jo'];

const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)));
const SIGNATURE = toBase64Url(new Uint8Array(64));

/** Every third record is Jo's; every tenth of each is not sent yet, the others are refused. */
const isOfJo = (n: number) => n % 3 === 0;
const isUnsent = (n: number) => n % 10 === 0;

function envelope(n: number): string {
  const said = registration({
    id: recordId(n),
    udid: `acme-${n}`,
    place: { site: `site-${n % 50}`, position: `Flat ${n}`, photos: [] },
  });
  return `${part({ alg: 'ES256' })}.${part(said)}.${SIGNATURE}`;
}

/** As version 4 left it: its stores, and rows that say neither who captured them nor where their devices stand. */
async function leaveVersion4(name: string, people: Readonly<Record<string, TestKey>>): Promise<void> {
  const credentials = await Promise.all(
    Object.entries(people).map(([operator, key]) =>
      signJws({ alg: 'ES256' }, credential(key, { operator, name: operator }), key.signer),
    ),
  );
  const db = await openDB(name, 4, {
    upgrade(open) {
      const q = open.createObjectStore('q', { keyPath: 'id' });
      q.createIndex('created', 'createdAt');
      q.createIndex('state', ['state', 'seq']);
      q.createIndex('device', ['udid', 'createdAt']);
      q.createIndex('collect', ['state', 'createdAt']);
      q.createIndex('photo', 'photos', { multiEntry: true });
      open.createObjectStore('photo', { keyPath: 'digest' }).createIndex('device', 'udid');
      for (const store of ['env', 'rcpt', 'draft']) open.createObjectStore(store, { keyPath: 'id' });
      for (const store of ['pack', 'list']) open.createObjectStore(store, { keyPath: 'org' });
      open.createObjectStore('simulated', { keyPath: 'udid' });
      open.createObjectStore('blob', { keyPath: 'digest' });
      open.createObjectStore('digests', { keyPath: ['org', 'byte'] });
      open.createObjectStore('plain', { keyPath: ['org', 'digest'] });
      for (const store of ['meta', 'keys', 'ballast']) open.createObjectStore(store);
    },
  });
  const tx = db.transaction(['q', 'env', 'meta'], 'readwrite');
  const [q, env, meta] = [tx.objectStore('q'), tx.objectStore('env'), tx.objectStore('meta')];
  for (const [i, jws] of credentials.entries()) void meta.put(jws, `credential:${digest(i)}`);
  for (let n = 1; n <= ALL; n++) {
    const kid = people[isOfJo(n) ? JO : INES]?.signer.kid ?? '';
    const isOpen = isUnsent(n);
    void q.put({
      ...queuedRecord({ seq: n, kid, udid: `acme-${n}`, state: isOpen ? 'saved' : 'refused' }),
      ...(isOpen ? {} : { code: 'proof_wrong', decidedAt: '2026-01-01T00:00:00.000Z' }),
    });
    void env.put({ id: recordId(n), jws: envelope(n), digest: digest(n) });
  }
  const counts = { saved: ALL / 10, refused: ALL - ALL / 10 };
  void meta.put({ counts, certificatesWaiting: 0 }, 'sum');
  await tx.done;
  db.close();
}

/** One start of the app. With `writes`, the phone dies after so many. */
function start(name: string, writes = Infinity) {
  const db = openDatabase(name);
  const outbox = new IdbOutbox(db, () => NOW);
  let left = writes;
  const mortal = {
    subscribe: outbox.subscribe.bind(outbox),
    write: ((work) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('the phone is off')) : outbox.write(work);
    }) as typeof outbox.write,
  };
  const titles = async () => new Map<string, string>();
  return { db, outbox, devices: new IdbDevices({ db, outbox: mortal, crypto, now: () => NOW, titles }) };
}

type Phone = ReturnType<typeof start>;

async function signIn({ devices }: Phone, operator: string): Promise<void> {
  await (await devices.keepFor({ operator, orgs: [ORG] })).made;
}

const numbers = (wanted: (n: number) => boolean) =>
  Array.from({ length: ALL }, (_, i) => i + 1).filter(wanted).length;

/** What a person's lists say, and that the others' is a number. */
async function expectListsOf(phone: Phone, person: string, other: string): Promise<void> {
  const isOwn = (n: number) => isOfJo(n) === (person === JO);
  const [open, refused] = [numbers((n) => isOwn(n) && isUnsent(n)), numbers((n) => isOwn(n) && !isUnsent(n))];
  const { mine, ...counts } = await phone.devices.overview();
  expect(mine.length).toBe(Math.min(refused, FIRST_MINE));
  expect(counts).toEqual({
    devices: open + refused,
    waiting: [],
    needs: { send: open, refused },
    stuck: [],
    others: [{ name: other, unsent: numbers((n) => !isOwn(n) && isUnsent(n)) }],
  });
  const { rows } = await phone.devices.find({ limit: ALL });
  expect(rows.map(({ udid }) => Number(udid.slice(5))).sort((a, b) => a - b)).toEqual(
    Array.from({ length: ALL }, (_, i) => i + 1).filter(isOwn),
  );
  const sites = await phone.devices.sites();
  expect(sites.reduce((sum, { devices }) => sum + devices, 0)).toBe(open + refused);
  const of = person === JO ? 9_999 : 10_000;
  const device = await phone.devices.device(ORG, `acme-${of}`);
  expect(device).toMatchObject({ byName: person, site: `site-${of % 50}`, position: `Flat ${of}` });
  expect(await phone.devices.find({ words: `flat ${of}`, limit: 5 })).toMatchObject({ of: 1 });
}

/** Every record and every signed byte that version 4 had. */
async function expectNothingLost({ db, outbox }: Phone): Promise<void> {
  const [rows, envelopes] = await db.use((open) => Promise.all([open.getAll('q'), open.getAll('env')]));
  expect(rows.map(({ seq, state }) => `${seq} ${state}`).sort()).toEqual(
    Array.from({ length: ALL }, (_, i) => `${i + 1} ${isUnsent(i + 1) ? 'saved' : 'refused'}`).sort(),
  );
  const kept = new Map(envelopes.map(({ id, jws }) => [id, jws]));
  expect(rows.filter(({ id, seq }) => kept.get(id) !== envelope(seq))).toEqual([]);
  const { unsent, counts } = await outbox.summary();
  expect([unsent, counts]).toEqual([ALL / 10, { saved: ALL / 10, refused: ALL - ALL / 10 }]);
}

test('ten thousand records of two people come through a kill and a change of hands, and each has their own lists', async () => {
  const name = freshDatabase();
  await leaveVersion4(name, { [INES]: await makeKey(), [JO]: await makeKey() });

  const first = start(name, 20);
  await expect(signIn(first, INES)).rejects.toThrow('the phone is off');
  const { devices: some } = await first.devices.overview();
  expect([some > 0, some < numbers((n) => !isOfJo(n))]).toEqual([true, true]);
  await expectNothingLost(first);
  first.db.close();

  // The next person begins anew, and the phone dies under them too.
  const second = start(name, 12);
  await expect(signIn(second, JO)).rejects.toThrow('the phone is off');
  expect((await second.devices.find({ limit: ALL })).rows.filter(({ byName }) => byName !== JO)).toEqual([]);
  second.db.close();

  const third = start(name);
  await signIn(third, JO);
  await expectListsOf(third, JO, INES);
  await expectNothingLost(third);
  await signIn(third, INES);
  await expectListsOf(third, INES, JO);
  await expectNothingLost(third);
});
