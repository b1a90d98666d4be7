import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatementType } from '../../contract/statement.ts';
import { jwkThumbprint } from '../../core/jwk.ts';
import { headerOf, jwsDigest, parseJws } from '../../core/jws.ts';
import { extendStatementKeys, type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { AuditSeal } from '../../server/ports/audit-log.ts';
import { verifyTrail } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { signInAgain, startPutBack } from '../support/put-back.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-ends-'));
  server = await startTestServer();
});
afterEach(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true, force: true });
});

const jwkOf = (key: KeyObject) => {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y } as const;
};

/** What a thief of a key signs. */
async function forged(key: KeyObject, typ: StatementType, payload: object): Promise<string> {
  const kid = await jwkThumbprint(jwkOf(key), nodeCrypto);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', typ, v: 1, kid })}.${part(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const stolenKey = (n: number) =>
  createPrivateKey(readFileSync(join(server.data, `keys/statement-${n}.key.pem`)));
const aud = () => server.running.installation.aud;

async function learned(known: StatementKeys): Promise<StatementKeys> {
  const answer = await fetch(`${server.url}/api/statement-keys`);
  const { statementKeys } = (await answer.json()) as { statementKeys: string[] };
  return extendStatementKeys(known, statementKeys, aud(), nodeCrypto);
}
const firstKid = async () => [...(await learned(new Map())).keys()][0] ?? '';
const end = (kid: string, ...more: string[]) =>
  server.fieldbind('statement-key', 'end', kid, '--because', 'stolen', ...more);

describe('a statement key that was stolen', () => {
  it('brings in no key of the thief’s after a rotation', async () => {
    await server.fieldbind('statement-key', 'rotate');
    const phone = await learned(new Map());
    const thief = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const jwk = jwkOf(thief.publicKey);
    const kid = await jwkThumbprint(jwk, nodeCrypto);
    const said = { aud: aud(), kid, jwk, from: new Date().toISOString() };
    const word = await forged(stolenKey(1), 'statement-key+jws', said);
    expect((await extendStatementKeys(phone, [word], aud(), nodeCrypto)).has(kid)).toBe(false);
  });

  it('signs nothing any more once it has ended, for a phone that was away too', async () => {
    const away = await learned(new Map());
    const kid = await firstKid();
    expect(await end(kid)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ended at seal \d+; \S+ signs/),
    });
    const receipt = await forged(stolenKey(1), 'receipt+jws', { aud: aud(), x: 1 });
    for (const phone of [await learned(new Map()), await learned(away)]) {
      expect(await verifyStatement(receipt, 'receipt+jws', phone, nodeCrypto)).toMatchObject({ ok: false });
      expect(phone.size).toBe(2);
    }
    expect(await end(kid)).toMatchObject({ code: 1, out: 'it has ended already\n' });
    expect(await end('A'.repeat(43))).toMatchObject({ code: 1, out: expect.stringContaining('no such') });
    expect((await server.fieldbind('statement-key', 'list')).out).toMatch(/\tended \S+\n\S+\t\S+\tsigns\n$/);
  });

  it('ends no other, in whatever order', async () => {
    await server.fieldbind('statement-key', 'rotate');
    const phone = await learned(new Map());
    const [, second = ''] = [...phone.keys()];
    const seal = { n: 1, digest: 'A'.repeat(43) };
    const said = { aud: aud(), kid: second, end: new Date().toISOString(), seal };
    const word = await forged(stolenKey(1), 'statement-key-end+jws', said);
    expect(await extendStatementKeys(phone, [word], aud(), nodeCrypto)).toEqual(phone);
  });

  it('is ended by an administrator, and the trail says by whom and why', async () => {
    const kid = await firstKid();
    for (const by of ['sam', 'nobody']) expect(await end(kid, '--by', by)).toMatchObject({ code: 2 });
    await server.fieldbind('operator', 'join', 'ada', '--org', 'northfield', '--role', 'administrator');
    expect(await end(kid, '--by', 'ada')).toMatchObject({ code: 0 });
    const entries = (await trailOf(server.running.installation.stores)).filter(
      ({ subject }) => subject === kid,
    );
    expect(entries.map(({ event, actor }) => [event, actor])).toEqual([
      ['statement key made', 'server'],
      ['statement key is to end', 'command line (ada)'],
      ['statement key ended', 'command line (ada)'],
    ]);
  });

  it('signed receipts that a phone never got: the record is answered under the next key, of the same time', async () => {
    const ines = await server.signIn('ines');
    const device = await server.listedDevice();
    const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const first = (await ines.send([jws])).results[0]?.receipt ?? '';
    await server.running.decider.idle();
    await end(await firstKid());
    const phone = await learned(new Map());
    expect(await verifyStatement(first, 'receipt+jws', phone, nodeCrypto)).toMatchObject({ ok: false });
    const again = (await ines.send([jws])).results[0];
    expect(again?.status).toBe('duplicate');
    const verified = await verifyStatement(again?.receipt ?? '', 'receipt+jws', phone, nodeCrypto);
    expect(verified).toMatchObject({ ok: true, payload: parseJws(first)?.payload });
    expect((await ines.send([jws])).results[0]?.receipt).toBe(again?.receipt);
    // It is a statement of ours, so a record may name it as its anchor.
    const { stores } = server.running.installation;
    expect(await stores.statements.issuedAt(verified.ok ? verified.digest : '')).toBeDefined();
  });

  it('signed a pack that is made anew at once', async () => {
    const ines = await server.signIn('ines');
    const kidOf = async (who: TestOperator) => {
      const { body } = await who.get('/api/work-pack?org=northfield');
      return (headerOf((body as { pack: string }).pack) as { kid: string }).kid;
    };
    const kid = await firstKid();
    expect(await kidOf(ines)).toBe(kid);
    await end(kid);
    expect(await kidOf(ines)).not.toBe(kid);
  });
});

describe('the trail of a key that has ended', () => {
  async function exported(): Promise<string[]> {
    const file = join(folder, `trail-${Math.random()}`);
    expect((await server.fieldbind('audit', 'export', '--to', file)).code).toBe(0);
    return readFileSync(file, 'utf8').trimEnd().split('\n');
  }
  async function* each(lines: readonly string[]) {
    yield* lines;
  }
  const verify = (lines: readonly string[]) => verifyTrail(each(lines), nodeCrypto);
  const sealsOf = (lines: readonly string[]) =>
    lines.flatMap((line) => (JSON.parse(line) as { seal?: AuditSeal }).seal ?? []);

  it('counts what it sealed before the end, and what the next one sealed', async () => {
    await end(await firstKid());
    await end([...(await learned(new Map())).keys()][1] ?? '');
    const lines = await exported();
    expect(await verify(lines)).toMatchObject({ ok: true });
    expect((await server.fieldbind('audit', 'verify')).code).toBe(0);
    // The verdict is the same from the file alone.
    const file = join(folder, 'alone');
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect((await server.fieldbind('audit', 'verify', file)).code).toBe(0);
  });

  it('does not count a seal that it signed afterwards, in the place of another or behind the last', async () => {
    await end(await firstKid());
    const lines = await exported();
    const seals = sealsOf(lines);
    const last = seals.at(-1);
    if (last === undefined) throw new Error('nothing is sealed');
    const body = parseJws(last.jws)?.payload as object;
    const again = { ...last, jws: await forged(stolenKey(1), 'audit-seal+jws', body) };
    const replaced = lines.map((line) =>
      line.startsWith(`{"seal":{"n":${last.n},`) ? JSON.stringify({ seal: again }) : line,
    );
    expect(await verify(replaced)).toMatchObject({
      ok: false,
      where: `seal ${last.n}`,
      why: expect.stringContaining('had ended'),
    });
    const prev = await jwsDigest(last.jws.slice(0, last.jws.lastIndexOf('.')), nodeCrypto);
    const more = { ...body, n: last.n + 1, prev };
    const next = { ...last, n: last.n + 1, jws: await forged(stolenKey(1), 'audit-seal+jws', more) };
    const at = lines.findLastIndex((line) => line.startsWith('{"seal"')) + 1;
    expect(await verify(lines.toSpliced(at, 0, JSON.stringify({ seal: next })))).toMatchObject({
      ok: false,
      where: `seal ${last.n + 1}`,
    });
  });

  it('is missed where its end, or the seal that this names, was left out', async () => {
    await end(await firstKid());
    const lines = await exported();
    const without = lines.filter((line) => !line.startsWith('{"ended"'));
    expect(await verify(without)).toMatchObject({
      ok: false,
      why: expect.stringContaining('its end is missing'),
    });
    const { n } = sealsOf(lines).at(-1) ?? { n: 0 };
    const counts = JSON.parse(lines.at(-1) ?? '') as { end: { seals: number; entries: number } };
    const cut = lines.filter((line) => !line.startsWith(`{"seal":{"n":${n},`));
    const recounted = [...cut.slice(0, -1), JSON.stringify({ end: { ...counts.end, seals: n - 1 } })];
    expect(await verify(recounted)).toMatchObject({ ok: false, where: `seal ${n}` });
  });
});

describe('what a statement is worth', () => {
  const judge = async (jws: string) => {
    const [trail, statement] = [join(folder, `t${Math.random()}`), join(folder, 'statement')];
    expect((await server.fieldbind('audit', 'export', '--to', trail)).code).toBe(0);
    writeFileSync(statement, `${jws}\n`);
    const { code, out } = await server.fieldbind('audit', 'verify', trail, '--statement', statement);
    return {
      code,
      said: out.split('\n').find((line) => line.includes('statement is') || line.includes('the key of')),
    };
  };

  it('is its key’s word while that has not ended, then its place on the trail', async () => {
    const ines = await server.signIn('ines');
    const device = await server.listedDevice();
    const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const receipt = (await ines.send([jws])).results[0]?.receipt ?? '';
    const { credential } = await ines.enrol();
    await server.running.decider.idle();
    for (const text of [receipt, credential])
      expect(await judge(text)).toMatchObject({ code: 0, said: expect.stringContaining('has not ended') });
    await end(await firstKid());
    for (const text of [receipt, credential])
      expect(await judge(text)).toMatchObject({
        code: 0,
        said: expect.stringMatching(/under seal \d+.*it counts$/),
      });
    const said = parseJws(receipt)?.payload as object;
    for (const change of [
      { digest: 'A'.repeat(43) },
      { kid: 'A'.repeat(43) },
      { seq: 99 },
      { status: 'rejected' },
      { id: '01900000-0000-7000-8000-000000000001' },
    ]) {
      const lie = await forged(stolenKey(1), 'receipt+jws', { ...said, ...change });
      expect(await judge(lie)).toMatchObject({ code: 1, said: expect.stringContaining('does not count') });
    }
    // The trail has no entry of a pack, so an ended key's pack is never worth anything.
    const pack = await forged(stolenKey(1), 'pack+jws', { aud: aud() });
    expect(await judge(pack)).toMatchObject({ code: 1, said: expect.stringContaining('does not count') });
  });

  it('is nothing where it came to the trail after the end, though the time that it says is before', async () => {
    await end(await firstKid());
    const ines = await server.signIn('ines');
    const device = await server.listedDevice();
    const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const receipt = (await ines.send([jws])).results[0]?.receipt ?? '';
    await server.running.decider.idle();
    const said = parseJws(receipt)?.payload as object;
    const lie = await forged(stolenKey(1), 'receipt+jws', { ...said, at: '2026-01-01T00:00:00.000Z' });
    expect(await judge(lie)).toMatchObject({ code: 1, said: expect.stringContaining('does not count') });
    expect(await judge(receipt)).toMatchObject({ code: 0 });
  });

  it('is nothing where a stranger signed it, or it is no statement', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    for (const text of [await forged(stranger, 'receipt+jws', { aud: aud() }), 'a.b.c', ''])
      expect(await judge(text)).toMatchObject({ code: 1, said: expect.stringContaining('not signed by') });
  });
});

describe('a statement key whose name an organisation of an older version has', () => {
  it('is passed over: rotation makes another one, and all goes on', async () => {
    const { ceremonies, vault } = server.running.installation;
    await ceremonies.establish({ name: 'statement-2', training: false, curve: 'P-384' });
    const rotated = await server.fieldbind('statement-key', 'rotate');
    expect(rotated).toMatchObject({ code: 0, out: expect.stringMatching(/^statement key \S{43}\n$/) });
    expect((await vault.open('statement-2'))?.algorithm).toBe('ES384');
    expect((await learned(new Map())).size).toBe(2);
    const ines = await server.signIn('ines');
    expect((await ines.get('/api/work-pack?org=northfield')).status).toBe(200);
  });

  it('that was taken by an older version is no key: the one before signs, and rotation mends it', async () => {
    const { ceremonies, vault, stores, transact } = server.running.installation;
    await ceremonies.establish({ name: 'statement-2', training: false, curve: 'P-384' });
    const point = (await vault.open('statement-2'))?.spki.subarray(-64) ?? new Uint8Array(64);
    const part = (from: number) => Buffer.from(point.subarray(from, from + 32)).toString('base64url');
    const jwk = { kty: 'EC', crv: 'P-256', x: part(0), y: part(32) } as const;
    const kid = await jwkThumbprint(jwk, nodeCrypto);
    const from = new Date().toISOString();
    const jws = await forged(stolenKey(1), 'statement-key+jws', { aud: aud(), kid, jwk, from });
    await transact((tx) => tx.statements.saveKey({ kid, jws, from }));
    const ines = await server.signIn('ines');
    expect((await ines.get('/api/work-pack?org=northfield')).status).toBe(200);
    expect((await stores.statements.keys()).length).toBe(2);
    expect((await learned(new Map())).size).toBe(1);
    expect((await server.fieldbind('statement-key', 'list')).out).toContain('no key');
    expect((await server.fieldbind('statement-key', 'rotate')).code).toBe(0);
    expect((await learned(new Map())).size).toBe(2);
    // 3: nothing may have been sealed yet.
    expect([0, 3]).toContain((await server.fieldbind('audit', 'verify')).code);
  });
});

describe('an end that was in the lost part of a database', () => {
  it('counts again as soon as a phone hands it back, and brings in nobody whom the thief vouches for', async () => {
    const there = await startPutBack();
    try {
      const { data } = there.server;
      const keysOf = async () =>
        (
          (await (await fetch(`${there.server.url}/api/statement-keys`)).json()) as {
            statementKeys: string[];
          }
        ).statementKeys;
      const ines = await there.server.signIn('ines');
      await there.copy();
      const kid = (headerOf((await keysOf())[0] ?? '') as { kid: string }).kid;
      const words = ['statement-key', 'end', kid, '--because', 'stolen'];
      expect(await there.server.fieldbind(...words)).toMatchObject({ code: 0 });
      const told = await keysOf();
      const at = new Date().toISOString();
      const { running } = await there.putBack();
      const { stores, aud } = running.installation;
      const ended = async () => (await stores.statements.ends()).map((one) => one.kid);
      expect(await ended()).toEqual([]);

      const thief = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const jwk = jwkOf(thief.publicKey);
      const stolen = createPrivateKey(readFileSync(join(data, 'keys/statement-1.key.pem')));
      const credential = await forged(stolen, 'credential+jws', {
        ...{ aud, kid: await jwkThumbprint(jwk, nodeCrypto), jwk, operator: 'ada', name: 'Ada', at },
        ...{ memberships: [], notBefore: at, notAfter: '2099-01-01T00:00:00.000Z', maxOfflineSeconds: 1 },
      });
      const again = await signInAgain(there.server.url, ines);
      const handBack = async (...statements: string[]) =>
        (await again.post('/api/hand-back', { statements, certificates: [], packs: [] })).body;
      // Whatever comes with it is judged by it, in whatever order.
      expect(await handBack(credential, ...told)).toEqual({ statements: 1, certificates: 0, holds: 0 });
      expect(await ended()).toEqual([kid]);
      expect(await stores.operatorKeys.key(await jwkThumbprint(jwk, nodeCrypto))).toBeUndefined();
      // Once is enough, and the trail of this era names a seal of its own.
      expect(await handBack(...told)).toEqual({ statements: 1, certificates: 0, holds: 0 });
      expect(await ended()).toEqual([kid]);
      expect(await there.server.fieldbind('audit', 'verify')).toMatchObject({ code: 0 });
      expect(there.server.faults).toEqual([]);
    } finally {
      await there.close();
    }
  });
});
