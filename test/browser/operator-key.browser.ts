import { afterEach, expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { jwkToSpki } from '../../core/jwk.ts';
import { extendStatementKeys, verifyStatement } from '../../core/statement.ts';
import { IdbKeptStatements } from '../../src/storage/kept-statements.ts';
import { makeOperatorKey, OperatorKeyStore } from '../../src/storage/operator-key.ts';
import { IdbWorkStore } from '../../src/storage/work-store.ts';
import { received } from '../ports/outbox.suite.ts';
import { AUD, captureNext, credential, crypto, digest, newRecord, workPack } from '../support/records.ts';
import { TestStatements } from '../support/records-statements.ts';
import { dropDatabases, freshDatabase, openDatabase, openOutbox } from './databases.ts';

afterEach(dropDatabases);

async function enrolled(name: string) {
  const key = await makeOperatorKey(crypto);
  const store = new OperatorKeyStore(openDatabase(name));
  const spki = jwkToSpki(key.jwk) ?? new Uint8Array(0);
  const said = credential({ ...key, spki });
  const kept = await store.save(key, said, digest(1), 'a.credential.c');
  return { key, store, spki, said, kept };
}

test('the private half cannot be taken out, in any form', async () => {
  const { pair } = await makeOperatorKey(crypto);
  expect(pair.privateKey.extractable).toBe(false);
  for (const format of ['pkcs8', 'jwk'] as const) {
    await expect(globalThis.crypto.subtle.exportKey(format, pair.privateKey)).rejects.toMatchObject({
      name: 'InvalidAccessError',
    });
  }
});

test('the stored key is not extractable either, and signs after the database was closed and opened', async () => {
  const name = freshDatabase();
  const { spki, said, kept } = await enrolled(name);
  expect(kept).toBe(true);
  const db = openDatabase(name);
  const back = await new OperatorKeyStore(db).enrolment();
  expect(back).toMatchObject({ credential: said, credentialDigest: digest(1), persistent: true });
  const data = utf8('a record');
  const signature = (await back?.signer.sign(data)) ?? new Uint8Array(0);
  expect(await crypto.verify('ES256', spki, signature, data)).toBe('valid');
  const stored = (await db.use((open) => open.get('keys', 'operator'))) as { privateKey: CryptoKey };
  await expect(globalThis.crypto.subtle.exportKey('pkcs8', stored.privateKey)).rejects.toThrow();
});

test('without a key there is no enrolment, and none after it is forgotten', async () => {
  const name = freshDatabase();
  const { store } = await enrolled(name);
  await store.forget();
  expect(await store.enrolment()).toBeUndefined();
  expect(await new OperatorKeyStore(openDatabase(name)).enrolment()).toBeUndefined();
});

test('where the browser refuses to store a key, it serves until the page closes and says so', async () => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('no keys here', 'DataCloneError');
  };
  const name = freshDatabase();
  const { store, kept, key } = await enrolled(name).finally(() => {
    IDBObjectStore.prototype.put = put;
  });
  expect(kept).toBe(false);
  const enrolment = await store.enrolment();
  expect(enrolment).toMatchObject({ persistent: false, signer: { kid: key.signer.kid } });
  expect(await enrolment?.signer.sign(utf8('x'))).toHaveLength(64);
  expect(await new OperatorKeyStore(openDatabase(name)).enrolment()).toBeUndefined();
});

test('a key that was written but does not come back serves until the page closes', async () => {
  const get = IDBObjectStore.prototype.get;
  IDBObjectStore.prototype.get = function (this: IDBObjectStore, query: IDBValidKey | IDBKeyRange) {
    return get.call(this, this.name === 'keys' ? 'nothing here' : query);
  };
  const { store, kept } = await enrolled(freshDatabase()).finally(() => {
    IDBObjectStore.prototype.get = get;
  });
  expect(kept).toBe(false);
  expect(await store.enrolment()).toMatchObject({ persistent: false });
});

test('a credential that does not parse is no enrolment', async () => {
  const name = freshDatabase();
  const { key, store } = await enrolled(name);
  const db = openDatabase(name);
  const stored = { privateKey: key.pair.privateKey, credential: { kid: 'x' }, credentialDigest: 'y' };
  await db.use((open) => open.put('keys', stored, 'operator'));
  expect(await store.enrolment()).toBeUndefined();
});

test('the epoch is made once for a storage, also by two tabs at once, and is another in another storage', async () => {
  const name = freshDatabase();
  const tabs = [new OperatorKeyStore(openDatabase(name)), new OperatorKeyStore(openDatabase(name))];
  const epochs = new Set(await Promise.all(tabs.map((tab) => tab.epoch())));
  expect(epochs.size).toBe(1);
  expect(epochs).not.toContain(await new OperatorKeyStore(openDatabase(freshDatabase())).epoch());
});

test('statement keys come back as they were saved; what does not decode is left out', async () => {
  const name = freshDatabase();
  const known = (await TestStatements.create()).known();
  const store = new OperatorKeyStore(openDatabase(name));
  expect((await store.statementKeys()).size).toBe(0);
  await store.saveStatementKeys(known);
  const db = openDatabase(name);
  expect(await new OperatorKeyStore(db).statementKeys()).toEqual(known);
  await db.use((open) => open.put('keys', { bad: 'A', worse: 7 }, 'statement'));
  expect((await store.statementKeys()).size).toBe(0);
});

test('the newest statement is the credential, then the pack of a backend without anchors, then an anchor', async () => {
  const name = freshDatabase();
  const { store } = await enrolled(name);
  const work = new IdbWorkStore(openDatabase(name), store);
  expect(await work.newestStatement()).toEqual({ digest: digest(1) });
  const stored = { pack: workPack(), digest: digest(2), etag: '"1"' };
  await work.savePack('a.b.c', stored);
  expect(await work.newestStatement()).toEqual({ digest: digest(2) });
  const anchor = { digest: digest(3), jws: 'an.anchor.3' };
  await work.savePack('a.b.c', stored, anchor);
  expect(await work.newestStatement()).toEqual(anchor);
});

test('an anchor is kept with the record that names it, and no other', async () => {
  const { outbox, db } = openOutbox(freshDatabase());
  const work = new IdbWorkStore(db, new OperatorKeyStore(db));
  const keptHere = new IdbKeptStatements(db);
  const anchors = [4, 5, 6].map((n) => ({ digest: digest(n), jws: `an.anchor.${n}` }));
  for (const [i, anchor] of anchors.entries()) {
    await keptHere.saveAnchor(anchor);
    const newest = await work.newestStatement();
    expect(newest).toEqual(anchor);
    const record = newRecord(await outbox.head(digest(900)));
    if (i === 1) await outbox.append({ ...record, anchor });
  }
  expect(await keptHere.anchors(anchors.map(({ digest }) => digest))).toEqual(['an.anchor.5']);
  // A receipt is newer than the anchor that came before it, however often that one comes again.
  const { row } = await captureNext(outbox);
  await outbox.settle([received(row.id)]);
  await keptHere.saveAnchor({ digest: digest(6), jws: 'an.anchor.6' });
  expect(await work.newestStatement()).toEqual({ digest: digest(5000) });
});

test('a credential stays as it was signed, through a renewal of its key and a change of keys', async () => {
  const name = freshDatabase();
  const { store, said, key } = await enrolled(name);
  await store.renew({ ...said, name: 'Anna B.' }, digest(2), 'a.renewed.c');
  const renewed = await store.enrolment();
  expect(renewed).toMatchObject({ credential: { name: 'Anna B.' }, credentialDigest: digest(2) });
  expect(renewed?.signer.kid).toBe(key.signer.kid);
  const other = await makeOperatorKey(crypto);
  const otherSaid = credential({ ...other, spki: jwkToSpki(other.jwk) ?? new Uint8Array(0) });
  await store.save(other, otherSaid, digest(3), 'an.other.c');
  expect([...(await new IdbKeptStatements(openDatabase(name)).credentials())].sort()).toEqual([
    'a.credential.c',
    'a.renewed.c',
    'an.other.c',
  ]);
  // Late: another tab has enrolled another key meanwhile.
  await store.renew(said, digest(4), 'a.late.c');
  expect((await store.enrolment())?.signer.kid).toBe(other.signer.kid);
});

test('packs are read anew by another tab, one per organisation; one that does not parse is left out', async () => {
  const name = freshDatabase();
  const statements = await TestStatements.create();
  const work = () => new IdbWorkStore(openDatabase(name), new OperatorKeyStore(openDatabase(name)));
  const here = work();
  for (const [org, etag] of [
    ['acme-installers', '"1"'],
    ['acme-installers', '"2"'],
    ['other-org', '"3"'],
  ] as const) {
    const pack = workPack({ org });
    await here.savePack(await statements.sign('pack+jws', pack), { pack, digest: digest(3), etag });
  }
  const tags = (await work().packs()).map((held) => `${held.pack.org} ${held.etag}`);
  expect(tags.sort()).toEqual(['acme-installers "2"', 'other-org "3"']);
  await here.savePack('not.a.pack', { pack: workPack({ org: 'third-org' }), digest: digest(4), etag: '"4"' });
  expect(await work().packs()).toHaveLength(2);
});

test('an ended statement key stays ended over a restart, and a pack that it signed asks for another one', async () => {
  const name = freshDatabase();
  const statements = await TestStatements.create();
  const [stolen, pack] = [statements.active, workPack()];
  const jws = await statements.sign('pack+jws', pack);
  await statements.rotate();
  await statements.end(stolen);
  const work = () => new IdbWorkStore(openDatabase(name), new OperatorKeyStore(openDatabase(name)));
  await work().savePack(jws, { pack, digest: digest(3), etag: '"1"' });
  await work().saveStatementKeys(statements.known());
  expect((await work().packs()).map(({ etag }) => etag)).toEqual(['"1"']);
  await work().saveStatementKeys(
    await extendStatementKeys(statements.known(), statements.chain, AUD, crypto),
  );
  const keys = await work().statementKeys();
  expect([...keys.values()].map(({ length }) => length > 0)).toEqual([false, true]);
  expect(await verifyStatement(jws, 'pack+jws', keys, crypto)).toMatchObject({ reason: 'invalid' });
  // It serves where there is no signal, and is fetched anew where there is.
  expect((await work().packs()).map(({ pack: { org }, etag }) => [org, etag])).toEqual([[pack.org, '']]);
});
