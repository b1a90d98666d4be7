// What a copy brings back and what nobody gains by it are told of the same few installations, which take long to make: so it is long.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../contract/change.ts';
import type { ChainsAnswer, HandedBack } from '../../contract/era.ts';
import { Era } from '../../contract/era.ts';
import { parse } from '../../contract/parse.ts';
import type { Registration } from '../../contract/registration.ts';
import { parseCrl } from '../../core/crl.ts';
import { parseJws, signJws } from '../../core/jws.ts';
import { fromPem } from '../../core/pem.ts';
import { issuerName } from '../support/issuer-name.ts';
import { type PutBack, signInAgain, signInOnly, startPutBack } from '../support/put-back.ts';
import { HANNA, HARBOUR, OAK_STREET, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { digestOf, makeOperatorKey, type TestOperator } from '../support/server-operator.ts';

const ORG = 'northfield';
const NONCE = 'nonce-0123456789abcdef';

/** A record as its phone keeps it: the envelope, its receipt and what was decided. */
interface Kept {
  readonly device: TestDevice;
  readonly registration: Registration;
  readonly jws: string;
  readonly receipt: string;
  readonly change: Change;
}

async function register(phone: TestOperator, server: TestServer): Promise<Kept> {
  const device = await server.listedDevice();
  const registration = registrationOf(device, OAK_STREET);
  const { jws } = await phone.seal('registration+jws', registration, ORG);
  const { results } = await phone.send([jws], phone.heartbeat());
  const change = await phone.outcome(registration.id, ORG);
  return { device, registration, jws, receipt: results[0]?.receipt ?? '', change };
}

async function handBack(
  phone: TestOperator,
  body: Partial<Record<'statements' | 'certificates' | 'packs', string[]>>,
) {
  const { status, body: answer } = await phone.post('/api/hand-back', {
    statements: [],
    certificates: [],
    packs: [],
    ...body,
  });
  expect([status, answer]).toEqual([200, expect.anything()]);
  return answer as HandedBack;
}

const leafOf = ({ change }: Kept) => change.certificate?.leafPem ?? '';
const serialOf = (kept: Kept) => new X509Certificate(leafOf(kept)).serialNumber.toLowerCase();
const packOf = async (phone: TestOperator) =>
  ((await phone.get(`/api/work-pack?org=${ORG}`)).body as { pack: string }).pack;
const revoke = (server: TestServer, { device }: Kept) =>
  server.fieldbind(
    ...['revoke', '--udid', device.udid, '--maker', device.maker, '--reason', 'keyCompromise', '--by', 'ada'],
  );
/** Serials on the CRL that verifiers fetch now, padded as certificates show them. */
async function revokedNow(server: TestServer): Promise<string[]> {
  const answer = await fetch(`${server.url}/crl/${ORG}.crl`);
  const { entries } = parseCrl(new Uint8Array(await answer.arrayBuffer()));
  return [...entries.keys()].map((serial) => serial.padStart(32, '0'));
}
async function confirmAll(server: TestServer): Promise<void> {
  expect(await server.fieldbind('operator', 'confirm', '--all', '--by', 'ada')).toMatchObject({ code: 0 });
  // The desk of one organisation does not speak for the people of another.
  if ((await server.running.installation.stores.eras.allUnconfirmed()).length > 0)
    expect(await server.fieldbind('operator', 'confirm', '--all', '--by', 'sam')).toMatchObject({ code: 0 });
  await server.running.decider.run();
}
const newest = async (phone: TestOperator, { registration }: Kept) => phone.outcome(registration.id, ORG);

describe('a database that was put back to a copy', () => {
  let there: PutBack;
  let server: TestServer;
  let ines: TestOperator;
  /** A phone that was enrolled after the copy. */
  let late: TestOperator;
  let lateCredential: string;
  let known: Kept;
  let knownRevoked: Kept;
  let lost: Kept[];
  let lateRecord: Kept;
  let lostRevoked: Kept;
  let oldPack: string;
  let newPack: string;
  let cursor: string;
  let oldCrl: { etag: string; number: number };
  let cookie: string;

  beforeAll(async () => {
    there = await startPutBack();
    server = there.server;
    ines = await server.signIn('ines');
    known = await register(ines, server);
    knownRevoked = await register(ines, server);
    oldPack = await packOf(ines);
    await there.copy();

    late = await server.signIn('sam', await makeOperatorKey());
    lateCredential = (await late.enrol()).credential;
    lost = [await register(ines, server), await register(ines, server)];
    lateRecord = await register(late, server);
    lostRevoked = await register(ines, server);
    expect(await revoke(server, knownRevoked)).toMatchObject({ code: 0 });
    expect(await revoke(server, lostRevoked)).toMatchObject({ code: 0 });
    newPack = await packOf(ines);
    cursor = ((await ines.get(`/api/changes?org=${ORG}&after=&nonce=${NONCE}`)).body as { cursor: string })
      .cursor;
    const crl = await fetch(`${server.url}/crl/${ORG}.crl`);
    const stored = await server.running.installation.stores.crls.crl(issuerName(ORG));
    oldCrl = { etag: crl.headers.get('etag') ?? '', number: stored?.number ?? 0 };
    cookie = ines.cookie;
    server = await there.putBack();
  });
  afterAll(() => there.close());

  it('says so in a signed statement, and on the trail', async () => {
    const again = await signInAgain(server.url, ines);
    const answer = (await again.post('/api/chains', { nonce: NONCE, chains: [] })).body as ChainsAnswer;
    const era = parse(Era, parseJws(answer.era ?? '')?.payload);
    expect(era).toMatchObject({ before: null, aud: again.session.aud });
    expect(Date.parse(era?.copyAt ?? '')).toBeLessThan(Date.parse(era?.at ?? ''));
    const changes = (await again.get(`/api/changes?org=${ORG}&after=&nonce=${NONCE}`)).body as {
      era: string;
    };
    expect(changes.era).toBe(era?.era);
    // 3: nothing may have been sealed yet.
    expect([0, 3]).toContain((await server.fieldbind('audit', 'verify')).code);
  });

  it('ends every session, and lets nobody whom it brought back decide or enrol', async () => {
    const before = await fetch(`${server.url}/api/session`, { headers: { cookie } });
    expect(before.status).toBe(401);
    const sam = await signInAgain(server.url, late);
    const act = { act: 'suspend', reason: 'maintenance', because: 'on the bench' };
    const path = `/api/devices/${known.device.maker}/${known.device.udid}?org=${ORG}`;
    expect((await sam.post(path, act)).body).toMatchObject({ code: 'confirmation_needed' });
    for (const desk of ['approvals', 'transfers', 'phones'])
      expect((await sam.get(`/api/${desk}?org=${ORG}`)).body).toMatchObject({ code: 'confirmation_needed' });
    const { nonce } = (await sam.post('/api/operator-keys/challenge', {})).body as { nonce: string };
    const enrol = await sam.post('/api/operator-keys', { proof: await sam.proof(nonce) });
    expect([enrol.status, enrol.body]).toEqual([
      403,
      expect.objectContaining({ code: 'confirmation_needed' }),
    ]);
  });

  it('tells a phone that was further on everything from the beginning', async () => {
    const again = await signInAgain(server.url, ines);
    const page = (await again.get(`/api/changes?org=${ORG}&after=${cursor}&nonce=${NONCE}`)).body as {
      changes: Change[];
    };
    expect(page.changes.map(({ record }) => record)).toContain(known.registration.id);
  });

  it('gives no number of a CRL twice, and no ETag to two lists', async () => {
    const answer = await fetch(`${server.url}/crl/${ORG}.crl`, { headers: { 'if-none-match': oldCrl.etag } });
    expect(answer.status).toBe(200);
    const stored = await server.running.installation.stores.crls.crl(issuerName(ORG));
    expect(stored?.number).toBeGreaterThan(oldCrl.number);
  });

  it('names the numbers that it lacks, and does not know the key of a phone that came later', async () => {
    const again = await signInAgain(server.url, ines);
    const chains = [
      { kid: ines.key.kid, seq: ines.head.seq },
      { kid: (await makeOperatorKey()).kid, seq: 3 },
    ];
    const answer = (await again.post('/api/chains', { nonce: NONCE, chains })).body as ChainsAnswer;
    expect(answer.chains).toEqual([
      { kid: ines.key.kid, known: true, missing: [{ from: 3, to: 5 }], more: false },
      { kid: chains[1]?.kid, known: false, missing: [{ from: 1, to: 3 }], more: false },
    ]);
  });

  it('takes no rights from a pack that is older than the copy', async () => {
    const again = await signInAgain(server.url, ines);
    expect(await handBack(again, { packs: [oldPack] })).toMatchObject({ holds: 0 });
  });

  it('takes up at once what a newer pack of ours says was revoked, and once only', async () => {
    const again = await signInAgain(server.url, ines);
    expect(await revokedNow(server)).not.toContain(serialOf(knownRevoked));
    expect(await handBack(again, { packs: [newPack] })).toMatchObject({ statements: 1, holds: 1 });
    const listed = await revokedNow(server);
    // One is a certificate of a binding, of the other not more than its serial is known.
    expect(listed).toContain(serialOf(knownRevoked));
    expect(listed).toContain(serialOf(lostRevoked));
    expect(listed).not.toContain(serialOf(known));
    // A person lifts the hold; the same list does not bring it back.
    const { udid, maker } = knownRevoked.device;
    const why = ['--because', 'seen', '--by', 'ada'];
    await confirmAll(server);
    const resumed = await server.fieldbind('device', 'resume', '--udid', udid, '--maker', maker, ...why);
    expect(resumed).toMatchObject({ code: 0 });
    expect(await handBack(again, { packs: [newPack] })).toMatchObject({ holds: 0 });
    expect(await revokedNow(server)).not.toContain(serialOf(knownRevoked));
  });

  it('adopts the certificates that its CA signed, and issues none a second time', async () => {
    const again = await signInAgain(server.url, ines);
    const statements = [...lost, lostRevoked].map(({ receipt }) => receipt);
    const certificates = [...lost, lostRevoked].map(leafOf);
    expect(await handBack(again, { statements, certificates })).toMatchObject({
      statements: 3,
      certificates: 3,
    });
    const { results } = await again.send(
      [...lost, lostRevoked].map(({ jws }) => jws),
      again.heartbeat(),
    );
    expect(results.map(({ status }) => status)).toEqual(['received', 'received', 'received']);
    await server.running.decider.run();
    for (const one of lost)
      expect(await newest(again, one)).toMatchObject({
        outcome: 'bound',
        certificate: { fingerprint: one.change.certificate?.fingerprint },
      });
    // Its UDID has its tombstone again.
    expect(await newest(again, lostRevoked)).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    expect(await revokedNow(server)).toContain(serialOf(lostRevoked));
    const { chains } = (
      await again.post('/api/chains', { nonce: NONCE, chains: [{ kid: ines.key.kid, seq: ines.head.seq }] })
    ).body as ChainsAnswer;
    expect(chains[0]?.missing).toEqual([]);
  });

  it('takes the key of a phone that came later from its credential, and holds its records until it is confirmed', async () => {
    // Everybody was confirmed above: put back once more, and nobody is.
    server = await there.putBack();
    const sam = await signInAgain(server.url, late);
    const head = late.head;
    const send = () => sam.send([lateRecord.jws], { ...sam.heartbeat(), digest: head.digest });
    expect((await send()).results[0]).toMatchObject({ status: 'rejected', code: 'operator_key_unknown' });
    await handBack(sam, { statements: [lateCredential] });
    expect((await send()).results[0]).toMatchObject({ status: 'received' });
    // The row of its device came after the copy as well.
    expect(await newest(sam, lateRecord)).toMatchObject({ outcome: 'held', code: 'unknown_since_copy' });
    await server.importList(ORG, [rowOf(lateRecord.device)]);
    expect(await server.fieldbind('restore', 'judge-again', '--by', 'ada')).toMatchObject({ code: 0 });
    await server.running.decider.run();
    expect(await newest(sam, lateRecord)).toMatchObject({ outcome: 'held', code: 'operator_unconfirmed' });
    await confirmAll(server);
    expect(await newest(sam, lateRecord)).toMatchObject({ outcome: 'bound' });
    expect(await sam.enrol()).toMatchObject({ credential: expect.anything() });
    expect(server.faults).toEqual([]);
  });

  it('reports what phones have told of the lost part', async () => {
    const { code, out } = await server.fieldbind('restore', 'report');
    expect(code).toBe(0);
    expect(out).toContain('the copy knows nothing after');
  });
});

describe('a device whose list row the copy does not know', () => {
  it('waits for it, where another organisation’s row of its name has another key', async () => {
    const there = await startPutBack();
    try {
      const device = await makeDevice();
      const other = { ...rowOf(await makeDevice()), udid: device.udid };
      expect((await there.server.importList('hanna-home', [other])).errors).toEqual([]);
      const ines = await there.server.signIn('ines');
      await there.copy();
      expect((await there.server.importList(ORG, [rowOf(device)])).errors).toEqual([]);
      const registration = registrationOf(device, OAK_STREET);
      const { jws } = await ines.seal('registration+jws', registration, ORG);
      await ines.send([jws], ines.heartbeat());
      const change = await ines.outcome(registration.id, ORG);
      expect(change).toMatchObject({ outcome: 'bound' });
      const server = await there.putBack();
      const again = await signInAgain(server.url, ines);
      await handBack(again, { certificates: [change.certificate?.leafPem ?? ''] });
      await again.send([jws], again.heartbeat());
      const outcome = () => again.outcome(registration.id, ORG);
      expect(await outcome()).toMatchObject({ outcome: 'held', code: 'unknown_since_copy' });
      await server.importList(ORG, [rowOf(device)]);
      expect(await server.fieldbind('restore', 'judge-again', '--by', 'ada')).toMatchObject({ code: 0 });
      await server.running.decider.run();
      expect(await outcome()).toMatchObject({
        outcome: 'bound',
        certificate: { fingerprint: change.certificate?.fingerprint },
      });
    } finally {
      await there.close();
    }
  });
});

describe('a database that is put back once more, to a copy of its new era', () => {
  it('takes what was lost the first time from a phone that was away meanwhile', async () => {
    const there = await startPutBack();
    try {
      const ines = await there.server.signIn('ines');
      const known = await register(ines, there.server);
      await there.copy();
      const lost = await register(ines, there.server);
      await revoke(there.server, known);
      const pack = await packOf(ines);
      await there.putBack();
      await there.copy();
      const server = await there.putBack();
      expect(await revokedNow(server)).not.toContain(serialOf(known));
      const again = await signInAgain(server.url, ines);
      expect(await handBack(again, { statements: [lost.receipt], packs: [pack] })).toMatchObject({
        statements: 2,
        holds: 1,
      });
      expect(await revokedNow(server)).toContain(serialOf(known));
      const { statements } = server.running.installation.stores;
      expect(await statements.issuedAt(await digestOf(lost.receipt))).toBeDefined();
      expect(server.faults).toEqual([]);
    } finally {
      await there.close();
    }
  });
});

describe('a certificate that the database does not know', () => {
  let there: PutBack;
  let server: TestServer;
  let kept: Kept[];
  beforeAll(async () => {
    there = await startPutBack();
    const ines = await there.server.signIn('ines');
    await there.copy();
    kept = [];
    for (let i = 0; i < 3; i++) kept.push(await register(ines, there.server));
    server = await there.putBack();
  });
  afterAll(() => there.close());
  const one = (index: number) => kept[index] as Kept;

  it('is revoked by its file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fieldbind-leaf-')), 'leaf.pem');
    writeFileSync(file, leafOf(one(0)));
    const call = ['revoke', '--certificate', file, '--reason', 'keyCompromise', '--by', 'ada'];
    // Whoever has no word in the organisation whose CA signed it takes nothing from its devices.
    expect(await server.fieldbind(...call.slice(0, -1), 'hanna')).toMatchObject({ code: 2 });
    expect(await server.fieldbind(...call)).toMatchObject({
      code: 0,
      out: expect.stringContaining('revoked: serial'),
    });
    expect(await revokedNow(server)).toContain(serialOf(one(0)));
    expect(await server.fieldbind(...call)).toMatchObject({ code: 1, out: 'it is revoked already\n' });
    const answer = await fetch(`${server.url}/api/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ certificate: leafOf(one(0)), domain: OAK_STREET }),
    });
    expect(await answer.json()).toMatchObject({ verdict: 'refused' });
  });

  it('is revoked by its serial and its issuer', async () => {
    const call = [
      'revoke',
      '--serial',
      serialOf(one(1)).toUpperCase(),
      '--issuer',
      ORG,
      '--reason',
      'unspecified',
    ];
    expect(await server.fieldbind(...call, '--by', 'hanna')).toMatchObject({ code: 2 });
    expect(await server.fieldbind(...call, '--by', 'ada')).toMatchObject({ code: 0 });
    expect(await revokedNow(server)).toContain(serialOf(one(1)));
  });

  it('that no CA of ours signed is no matter of ours', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-leaf-'));
    const [der] = fromPem('CERTIFICATE', leafOf(one(2)));
    // The last byte is part of the signature.
    const forged = Buffer.from(der ?? []);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE-----\n${forged.toString('base64')}\n-----END CERTIFICATE-----\n`;
    writeFileSync(join(folder, 'forged.pem'), pem);
    const call = [
      'revoke',
      '--certificate',
      join(folder, 'forged.pem'),
      '--reason',
      'unspecified',
      '--by',
      'ada',
    ];
    expect(await server.fieldbind(...call)).toMatchObject({
      code: 1,
      out: expect.stringContaining('signed it'),
    });
  });

  it('is revoked at the desk of its organisation, and at no other one', async () => {
    const ines = await signInOnly(server.url, 'ines', await makeOperatorKey());
    await handBack(ines, { certificates: [leafOf(one(2))] });
    await confirmAll(server);
    const { maker, udid } = one(2).device;
    const sam = await signInOnly(server.url, 'sam', await makeOperatorKey());
    const act = { act: 'revoke', reason: 'stolen', because: 'the van was open' };
    const at = (org: string) => sam.post(`/api/devices/${maker}/${udid}?org=${org}`, act);
    expect((await at('hanna-home')).status).toBe(404);
    expect(await revokedNow(server)).not.toContain(serialOf(one(2)));
    const words = ['revoke', '--udid', udid, '--maker', maker, '--reason', 'unspecified'];
    expect(await server.fieldbind(...words, '--by', 'hanna')).toMatchObject({ code: 2 });
    expect((await at(ORG)).status).toBe(200);
    expect(await revokedNow(server)).toContain(serialOf(one(2)));
  });
});

describe('what a phone hands back', () => {
  it('means nothing where no copy was ever put back', async () => {
    const there = await startPutBack();
    try {
      const { server } = there;
      const ines = await server.signIn('ines');
      const kept = await register(ines, server);
      const pack = await packOf(ines);
      expect(
        await handBack(ines, { statements: [kept.receipt], certificates: [leafOf(kept)], packs: [pack] }),
      ).toEqual({ statements: 2, certificates: 1, holds: 0 });
      expect(await server.running.installation.stores.found.all(10)).toEqual([]);
    } finally {
      await there.close();
    }
  });
});

describe('a new era', () => {
  let there: PutBack;
  let ines: TestOperator;
  beforeAll(async () => {
    there = await startPutBack();
    ines = await there.server.signIn('ines');
    await register(ines, there.server);
    await there.copy();
    await register(ines, there.server);
  });
  afterAll(() => there.close());

  const eraOf = async (server: TestServer) => (await server.running.installation.stores.eras.current())?.era;

  it.each(['killed', 'killed, then a command', 'elsewhere'] as const)(
    'begins also where the copy was put back otherwise: %s',
    async (how) => {
      const server = await there.putBack(how);
      expect(await eraOf(server)).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(await server.running.installation.stores.eras.allUnconfirmed()).toContain('ines');
      expect(await server.running.installation.stores.settings.setting('put-back')).toBeUndefined();
    },
  );

  it('is another one each time, although the copy is the same', async () => {
    const [first, second] = [await eraOf(await there.putBack()), await eraOf(await there.putBack())];
    expect(first).not.toBe(second);
    // It begins once: a command that opens the installation goes on with it.
    expect((await there.server.fieldbind('restore', 'report')).out).toContain(second ?? 'none');
  });
});

/** Everything that a phone or a person could hope to gain when a copy is put back. */
describe('nobody gains by a copy that is put back', () => {
  let there: PutBack;
  let server: TestServer;
  let ines: TestOperator;
  let known: Kept;
  let knownRevoked: Kept;
  let taken: Kept;
  let revokedPack: string;
  beforeAll(async () => {
    there = await startPutBack();
    server = there.server;
    ines = await server.signIn('ines');
    known = await register(ines, server);
    knownRevoked = await register(ines, server);
    expect(await revoke(server, knownRevoked)).toMatchObject({ code: 0 });
    const shared = await server.listedDevice();
    await there.copy();
    const registration = registrationOf(shared, OAK_STREET);
    const { jws } = await ines.seal('registration+jws', registration, ORG);
    const { results } = await ines.send([jws], ines.heartbeat());
    const change = await ines.outcome(registration.id, ORG);
    taken = { device: shared, registration, jws, receipt: results[0]?.receipt ?? '', change };
    revokedPack = await packOf(ines);
    expect(await server.fieldbind('operator', 'revoke', 'ines', '--by', 'ada')).toMatchObject({ code: 0 });
    server = await there.putBack();
  });
  afterAll(() => there.close());

  it('whoever was revoked after it sends, and is held', async () => {
    const again = await signInAgain(server.url, ines);
    const device = await server.listedDevice();
    const said = await again.submit('registration+jws', registrationOf(device, OAK_STREET), ORG);
    expect(said).toMatchObject({ outcome: 'held', code: 'operator_unconfirmed' });
  });

  it('a certificate that was revoked before it stays revoked, however often it is handed back', async () => {
    const again = await signInAgain(server.url, ines);
    expect(await handBack(again, { certificates: [leafOf(knownRevoked)] })).toMatchObject({
      certificates: 1,
    });
    expect(await revokedNow(server)).toContain(serialOf(knownRevoked));
    expect(await server.running.installation.stores.found.all(10)).toEqual([]);
  });

  it('a statement by a key that is not ours is none', async () => {
    const again = await signInAgain(server.url, ines);
    const { aud } = again.session;
    const header = { alg: 'ES256', typ: 'anchor+jws', v: 1, kid: ines.key.kid };
    const forged = await signJws(header, { aud, at: '2026-01-01T00:00:00.000Z' }, ines.key);
    expect(await handBack(again, { statements: [forged, 'a.b.c'] })).toMatchObject({ statements: 0 });
  });

  it('a statement of ours from before the copy, or of another kind, brings nothing back', async () => {
    const again = await signInAgain(server.url, ines);
    const { statements } = server.running.installation.stores;
    const [first] = await statements.keys();
    expect(await handBack(again, { statements: [known.receipt, first?.jws ?? ''] })).toMatchObject({
      statements: 1,
    });
  });

  it('who registers a device that another certificate of ours names elsewhere, waits for a person', async () => {
    const again = await signInAgain(server.url, ines);
    await handBack(again, { certificates: [leafOf(taken)] });
    const hanna = await signInOnly(server.url, 'hanna', await makeOperatorKey());
    const { nonce } = (await hanna.post('/api/operator-keys/challenge', {})).body as { nonce: string };
    await hanna.post('/api/operator-keys', { proof: await hanna.proof(nonce) });
    hanna.anchor = await digestOf(known.receipt);
    const claim = registrationOf(taken.device, HANNA);
    const said = await hanna.submit('registration+jws', claim, 'hanna-home');
    expect(said).toMatchObject({ outcome: 'held', code: 'certified_before' });
  });

  it('a device that was bound anew before its older certificate came back, is on hold until a person has looked', async () => {
    server = await there.putBack();
    await confirmAll(server);
    expect(await server.running.installation.stores.eras.allUnconfirmed()).toEqual([]);
    // The copy does not know that it is bound in Oak Street.
    const sam = await server.signIn('sam');
    const bound = await sam.submit('registration+jws', registrationOf(taken.device, HARBOUR), ORG);
    expect(bound).toMatchObject({ outcome: 'bound' });
    const again = await signInAgain(server.url, ines);
    expect(await handBack(again, { certificates: [leafOf(taken)] })).toMatchObject({
      certificates: 1,
      holds: 1,
    });
    const { liveBindings, life } = server.running.installation.stores;
    const binding = await liveBindings.byName('acme', taken.device.udid);
    expect(await life.suspension(binding?.id ?? '')).toMatchObject({ reason: 'put_back' });
  });

  it('a tombstone that a person lifts is not put up again by the same pack', async () => {
    const again = await signInAgain(server.url, ines);
    await handBack(again, { packs: [revokedPack] });
    const { udid, maker } = knownRevoked.device;
    const lift = ['tombstone', 'lift', '--udid', udid, '--maker', maker, '--by', 'ada', '--reason', 'found'];
    expect(await server.fieldbind(...lift)).toMatchObject({ code: 0 });
    await handBack(again, { packs: [revokedPack] });
    expect(await server.fieldbind(...lift)).toMatchObject({ code: 1 });
  });

  it('asks for more than is allowed and gets an error, not a fault', async () => {
    const again = await signInAgain(server.url, ines);
    const many = Array.from({ length: 65 }, () => ({ kid: ines.key.kid, seq: 4294967295 }));
    expect((await again.post('/api/chains', { nonce: NONCE, chains: many })).status).toBe(400);
    const answer = await again.post('/api/chains', { nonce: NONCE, chains: many.slice(0, 64) });
    expect(answer.status).toBe(200);
    const junk = {
      statements: [],
      certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
      packs: [],
    };
    expect((await again.post('/api/hand-back', junk)).body).toEqual({
      statements: 0,
      certificates: 0,
      holds: 0,
    });
    expect(server.faults).toEqual([]);
  });
});
