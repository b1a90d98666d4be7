import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, toBase64Url, toHex, utf8 } from '../../core/bytes.ts';
import { type ChallengeParts, challengeOf } from '../../core/possession.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/crypto/node-crypto.ts';
import { HANNA, HARBOUR, OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { A_DIGEST, makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
});

type Changes = Parameters<typeof registrationOf>[2];

async function listed(wanted?: Parameters<typeof makeDevice>[0]): Promise<TestDevice> {
  const device = await makeDevice(wanted);
  await server.importList('northfield', [rowOf(device)]);
  return device;
}

function register(device: TestDevice, changes: Changes = {}, domain = OAK_STREET, org = 'northfield') {
  return ines.submit('registration+jws', registrationOf(device, domain, changes), org);
}

describe('a good registration', () => {
  it.each(['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)('binds a %s device', async (algorithm) => {
    const device = await listed({ algorithm });
    expect(await register(device)).toMatchObject({
      outcome: 'bound',
      maker: 'acme',
      udid: device.udid,
      domain: OAK_STREET,
      unproven: true,
    });
  });

  it('finds the row by key where the phone could not tell the maker', async () => {
    const device = await listed();
    const { maker: _, ...rest } = registrationOf(device, OAK_STREET);
    expect(await ines.submit('registration+jws', rest, 'northfield')).toMatchObject({
      outcome: 'bound',
      maker: 'acme',
    });
  });

  it('does not take the phone’s word for fresh possession', async () => {
    const change = await register(await listed(), { device: { possession: 'fresh' } });
    expect(change).toMatchObject({ outcome: 'bound', unproven: true });
  });
});

describe('fresh possession', () => {
  /** A challenge of the pack that the phone holds, and the device's signature over what is made of it. */
  async function answered(device: TestDevice, over: Partial<ChallengeParts> = {}) {
    await ines.pack('northfield');
    const id = uuid7(Date.now(), nodeCrypto);
    const challenge = { pack: ines.anchor, nonce: toBase64Url(nodeCrypto.random(32)) };
    const bytes = await challengeOf({ ...challenge, record: id, ...over }, nodeCrypto);
    if (bytes === undefined) throw new Error('no challenge');
    const use = { name: 'ECDSA', hash: 'SHA-256' };
    const fixed = new Uint8Array(await webcrypto.subtle.sign(use, device.keys.privateKey, bytes));
    const proof = { over: 'challenge', signature: toBase64Url(derOf(fixed)) } as const;
    return { id, device: { possession: 'fresh', challenge, proof } } as const;
  }

  it('is proven by a signature over our challenge', async () => {
    const device = await listed();
    expect(await register(device, await answered(device))).toMatchObject({
      outcome: 'bound',
      unproven: false,
    });
  });

  it('is refused where the signature is over another visit’s challenge, or by another key', async () => {
    const device = await listed();
    const stale = await answered(device, { nonce: toBase64Url(new Uint8Array(32)) });
    expect(await register(device, stale)).toMatchObject({
      outcome: 'refused',
      code: 'proof_wrong',
    });
    const other = await answered(await makeDevice());
    expect(await register(device, other)).toMatchObject({ code: 'proof_wrong' });
    // One answer serves one record: kept and sent again under another id it proves nothing.
    const { device: kept } = await answered(device);
    expect(await register(device, { device: kept })).toMatchObject({ code: 'proof_wrong' });
  });

  it('counts for nothing over a challenge that was never handed out, or long ago', async () => {
    const device = await listed();
    const challenge = { pack: A_DIGEST, nonce: A_DIGEST };
    const { id, device: evidence } = await answered(device, challenge);
    expect(await register(device, { id, device: { ...evidence, challenge } })).toMatchObject({
      outcome: 'bound',
      unproven: true,
    });
    const old = await listed();
    const kept = await answered(old);
    const capturedAt = new Date(Date.now() + 16 * 86_400_000).toISOString();
    expect(await register(old, { ...kept, capturedAt })).not.toMatchObject({ unproven: false });
  });

  it('a request that holds the challenge', async () => {
    await ines.pack('northfield');
    const id = uuid7(Date.now(), nodeCrypto);
    const challenge = { pack: ines.anchor, nonce: toBase64Url(nodeCrypto.random(32)) };
    const unit = toHex((await challengeOf({ ...challenge, record: id }, nodeCrypto)) ?? new Uint8Array());
    const device = await listed({ unit });
    const change = await register(device, { id, device: { possession: 'fresh', challenge } });
    expect(change).toMatchObject({ outcome: 'bound', unproven: false });
    const plain = await listed();
    expect(await register(plain, { device: { possession: 'fresh', challenge } })).toMatchObject({
      outcome: 'refused',
      code: 'proof_wrong',
    });
  });
});

describe('a device whose firmware makes no request', () => {
  async function token(device: TestDevice): Promise<string> {
    const input = `${toBase64Url(utf8('{"alg":"ES256"}'))}.${toBase64Url(utf8('{"iat":1}'))}`;
    const use = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await webcrypto.subtle.sign(use, device.keys.privateKey, utf8(input));
    return `${input}.${toBase64Url(new Uint8Array(signature))}`;
  }

  it('is bound, unproven, by a token of its key, and not by anybody else’s', async () => {
    const device = await listed();
    const evidence = (text: string) => ({
      driver: 'arduino',
      csr: '',
      installs: false,
      attestations: [{ kind: 'arduino-jwt' as const, text }],
    });
    const foreign = await register(device, { device: evidence(await token(await makeDevice())) });
    expect(foreign).toMatchObject({ outcome: 'refused', code: 'possession_missing' });
    expect(await register(device, { device: evidence(await token(device)) })).toMatchObject({
      outcome: 'bound',
      unproven: true,
    });
  });
});

/** r‖s as the DER that devices give. */
function derOf(fixed: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const bare = bytes.subarray(start);
    const body = (bare[0] ?? 0) > 127 ? concat(Uint8Array.of(0), bare) : bare;
    return concat(Uint8Array.of(2, body.length), body);
  };
  const numbers = concat(integer(fixed.subarray(0, 32)), integer(fixed.subarray(32)));
  return concat(Uint8Array.of(0x30, numbers.length), numbers);
}

describe('what is refused', () => {
  it.each(['mqtt', 'www', 'acme', 'mac-000000000000', 'xn--abc'])('a UDID called %s', async (udid) => {
    const device = await makeDevice({ udid });
    expect(await register(device)).toMatchObject({ outcome: 'refused', code: 'udid_invalid' });
  });

  it('a device that is on no list', async () => {
    expect(await register(await makeDevice())).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
  });

  it('the right UDID with the wrong key, with and without its maker', async () => {
    const { udid } = await listed();
    const impostor = await makeDevice({ udid });
    expect(await register(impostor)).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    const { maker: _, ...rest } = registrationOf(impostor, OAK_STREET);
    const change = await ines.submit('registration+jws', rest, 'northfield');
    expect(change).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
  });

  it('a CSR with a broken signature, one for another key, and none at all', async () => {
    const device = await listed();
    const broken = Uint8Array.from(device.csr);
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    const other = await makeDevice({ udid: device.udid });
    const code = async (csr: Uint8Array) =>
      (await register(device, { device: { csr: toBase64Url(csr) } })).code;
    expect(await code(broken)).toBe('csr_signature_invalid');
    expect(await code(other.csr)).toBe('csr_key_mismatch');
    expect(await code(Uint8Array.of(0x30, 0))).toBe('csr_malformed');
    expect(await code(new Uint8Array())).toBe('possession_missing');
  });

  it('a subject that is not the device’s, unless the driver says subjects say nothing', async () => {
    const device = await listed({ commonName: 'somebody else' });
    expect(await register(device)).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
    const silent = await listed({ commonName: 'device' });
    expect(await register(silent, { device: { subjectSaysNothing: true } })).toMatchObject({
      outcome: 'bound',
    });
  });

  it('a device that calls itself another one of the same scheme', async () => {
    const device = await listed({ udid: 'mac-02a1b2c3d4e7', commonName: '02a1b2c3d4e7' });
    const aliases = ['mac-02a1b2c3d4e8'];
    expect(await register(device, { device: { aliases } })).toMatchObject({
      outcome: 'refused',
      code: 'identity_mismatch',
    });
  });

  it('a subject that only the phone says is the device’s', async () => {
    const device = await listed({ commonName: 'phone-says-so' });
    const label = { ...registrationOf(device, OAK_STREET).label, aliases: ['phone-says-so'] };
    const claimed = await register(device, { label, device: { aliases: ['phone-says-so'] } });
    expect(claimed).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
    await server.importList('northfield', [rowOf(device, { aliases: ['phone-says-so'] })]);
    expect(await register(device)).toMatchObject({ outcome: 'bound' });
    const bare = await listed({ udid: 'mac-02a1b2c3d4e5', commonName: '02A1B2C3D4E5' });
    expect(await register(bare, { device: { driver: 'esp-claim' } })).toMatchObject({ outcome: 'bound' });
  });

  it('a subject that says nothing, of a driver that is not known to be silent', async () => {
    const device = await listed({ commonName: 'device' });
    const change = await register(device, { device: { subjectSaysNothing: true, driver: 'mine' } });
    expect(change).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
  });

  it('a label with another key, and a weak key', async () => {
    const device = await listed();
    const { spki } = await makeDevice();
    const label = { ...registrationOf(device, OAK_STREET).label, publicKey: toBase64Url(spki) };
    expect(await register(device, { label })).toMatchObject({ code: 'label_key_mismatch' });
    const weak = await makeDevice({ algorithm: 'RSA-1024' });
    expect((await server.importList('northfield', [rowOf(weak)])).errors).toMatchObject([
      { code: 'key_weak' },
    ]);
    await server.importList('northfield', [rowOf(weak, { anchor: 'udid-only' })]);
    expect(await register(weak)).toMatchObject({ outcome: 'refused', code: 'key_weak' });
  });

  it('a domain nobody has, and one of somebody else beside one’s own', async () => {
    const unknown = `elsewhere.${OAK_STREET}`;
    expect(await register(await listed(), {}, unknown)).toMatchObject({ code: 'domain_unknown' });
    expect(await register(await listed(), {}, HANNA)).toMatchObject({ code: 'domain_not_entitled' });
    // Entitled to both, but the record is for one organisation and the domain is the other's.
    expect(await register(await listed(), {}, PRACTICE)).toMatchObject({ code: 'domain_not_entitled' });
  });
});

describe('simulated and real', () => {
  it('refuses a simulated record outside training', async () => {
    const change = await register(await listed(), { device: { link: 'simulated' } });
    expect(change).toMatchObject({ outcome: 'refused', code: 'simulated_device' });
  });

  it('binds a simulated device in training, from training’s own list only', async () => {
    const real = await listed();
    const link = { device: { link: 'simulated' } } as const;
    expect(await register(real, link, PRACTICE, 'training')).toMatchObject({ code: 'unknown_device' });
    const practice = await makeDevice();
    const reply = await ines.post('/api/list?org=training', { rows: [rowOf(practice)] });
    expect(reply.body).toMatchObject({ imported: 1, errors: [] });
    expect(await register(practice, link, PRACTICE, 'training')).toMatchObject({ outcome: 'bound' });
    // What training's page added is on no real list.
    expect(await register(practice)).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
  });

  it('lets nobody occupy a real device from training, nor practise on one that is bound', async () => {
    const device = await listed();
    const squatter = await makeDevice({ udid: device.udid });
    await ines.post('/api/list?org=training', { rows: [rowOf(squatter)] });
    const link = { device: { link: 'simulated' } } as const;
    const practice = await register(squatter, link, PRACTICE, 'training');
    expect(practice).toMatchObject({ outcome: 'bound' });
    expect(await register(device)).toMatchObject({ outcome: 'bound' });
    // One live binding over the whole installation: the practice with that device has ended.
    const ended = (await ines.changes('training')).filter(({ record }) => record === practice.record);
    expect(ended.at(-1)).toMatchObject({ outcome: 'refused', code: 'practice_ended' });
    const bound = await listed();
    await register(bound);
    await ines.post('/api/list?org=training', { rows: [rowOf(bound)] });
    const refused = await register(bound, {}, PRACTICE, 'training');
    expect(refused).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    // Its owner is not asked to give it up for practice.
    const cases = await server.running.installation.stores.transfers.openCases();
    expect(cases.filter(({ claimant }) => claimant === 'training')).toEqual([]);
  });

  it('buries no real device where practice with one of its name is revoked', async () => {
    const device = await listed();
    const { maker, udid } = device;
    await ines.post('/api/list?org=training', { rows: [rowOf(device)] });
    const link = { device: { link: 'simulated' } } as const;
    const practice = await register(device, link, PRACTICE, 'training');
    expect(practice).toMatchObject({ outcome: 'bound' });
    const sam = await server.signIn('sam');
    const revoke = { act: 'revoke', reason: 'stolen', because: 'practice' };
    expect((await sam.post(`/api/devices/${maker}/${udid}?org=training`, revoke)).status).toBe(200);
    const { stores } = server.running.installation;
    expect(await stores.bindings.liveConflicts('', maker, udid)).toEqual([]);
    const [ended] = await stores.bindings.everByUdid(udid);
    expect(await stores.certificates.newest(ended?.id ?? '')).toMatchObject({
      revokedAt: expect.any(String),
    });
    expect(await ines.outcome(practice.record, 'training')).toMatchObject({ code: 'retired' });
    expect(await register(device)).toMatchObject({ outcome: 'bound' });
  });

  it('buries a real device from the command line though somebody practises on its name', async () => {
    const device = await listed();
    const squatter = await makeDevice({ udid: device.udid });
    await ines.post('/api/list?org=training', { rows: [rowOf(squatter)] });
    const link = { device: { link: 'simulated' } } as const;
    expect(await register(squatter, link, PRACTICE, 'training')).toMatchObject({ outcome: 'bound' });
    const { maker, udid } = device;
    const words = ['--maker', maker, '--udid', udid, '--reason', 'keyCompromise', '--by', 'sam'];
    expect(await server.fieldbind('revoke', ...words)).toMatchObject({ code: 0 });
    expect(await register(device)).toMatchObject({ code: 'tombstoned' });
    // The key of who practised may be that of another real device.
    const other = await makeDevice({ keys: squatter.keys });
    await server.importList('northfield', [rowOf(other)]);
    expect(await register(other)).toMatchObject({ outcome: 'bound' });
  });

  it('keeps the page’s way of adding rows out of real organisations', async () => {
    const reply = await ines.post('/api/list?org=northfield', { rows: [rowOf(await makeDevice())] });
    expect(reply.body).toMatchObject({ code: 'forbidden' });
  });
});

describe('one live binding', () => {
  it('answers the same device in the same domain with the same certificate', async () => {
    const device = await listed();
    const first = await register(device);
    const again = await register(device);
    expect(again).toMatchObject({ outcome: 'bound', code: 'same_install', certificate: first.certificate });
  });

  it('names the other place within one’s own organisation', async () => {
    const device = await listed();
    await register(device, { place: { site: 'roof', photos: [] } });
    const change = await register(device, {}, HARBOUR);
    expect(change).toMatchObject({ outcome: 'refused', code: 'taken_same_org' });
    expect(change.detail).toContain(OAK_STREET);
    expect(change.detail).toContain('roof');
  });

  it('opens a transfer case across organisations and tells nothing of the owner', async () => {
    const device = await listed();
    await register(device);
    const hanna = await server.signIn('hanna');
    const payload = registrationOf(device, HANNA);
    const change = await hanna.submit('registration+jws', payload, 'hanna-home');
    expect(change).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    expect(change.certificate).toBeUndefined();
    expect(JSON.stringify(change)).not.toMatch(/northfield|oak-street|ines/i);
    const cases = await server.running.installation.stores.transfers.openCases();
    expect(cases.filter(({ record }) => record === payload.id)).toMatchObject([{ claimant: 'hanna-home' }]);
  });

  it('holds over copies of the key under another UDID too', async () => {
    const device = await listed();
    await register(device);
    const twin = await makeDevice({ keys: device.keys });
    expect((await server.importList('northfield', [rowOf(twin)])).errors).toMatchObject([
      { code: 'key_repeated' },
    ]);
    await server.importList('northfield', [rowOf(twin, { anchor: 'udid-only' })]);
    expect(await register(twin)).toMatchObject({ outcome: 'refused', code: 'taken_same_org' });
  });
});

describe('confirmation and void', () => {
  const id = () => uuid7(Date.now(), nodeCrypto);
  const common = () => ({ id: id(), app: '0.1.0', capturedAt: new Date().toISOString() });

  function confirm(device: TestDevice, registration: string, certificate: string, changes = {}) {
    const payload = {
      ...common(),
      registration,
      maker: device.maker,
      udid: device.udid,
      domain: OAK_STREET,
      certificate,
      link: 'serial',
      written: [
        { parts: ['anchor'], digest: 'cd'.repeat(32) },
        { parts: ['leaf', 'chain'], digest: 'ab'.repeat(32) },
      ],
      ...changes,
    };
    return ines.submit('confirmation+jws', payload, 'northfield');
  }

  function takeBack(device: TestDevice, of: string, phone = ines) {
    const payload = { ...common(), of, udid: device.udid, reason: 'wrong_device' };
    return phone.submit('void+jws', payload, 'northfield');
  }

  it('notes an installation, and the device is installed', async () => {
    const device = await listed();
    const { record, certificate } = await register(device);
    const fingerprint = certificate?.fingerprint ?? '';
    expect(await confirm(device, record, fingerprint)).toMatchObject({ outcome: 'noted' });
    const { devices } = (await ines.get('/api/devices?org=northfield')).body as { devices: object[] };
    expect(devices).toContainEqual(
      expect.objectContaining({ udid: device.udid, state: 'installed', unproven: true }),
    );
    // A colleague's later record of the same device leads to the same installation.
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'refused', code: 'already_decided' });
  });

  it('refuses what it never issued, for whom it did not, and a leaf that was not written', async () => {
    const device = await listed();
    const { record, certificate } = await register(device);
    const fingerprint = certificate?.fingerprint ?? '';
    const other = await register(await listed());
    const codes = [
      await confirm(device, id(), fingerprint),
      await confirm(device, record, 'ab'.repeat(32)),
      await confirm(device, record, other.certificate?.fingerprint ?? ''),
      await confirm(device, record, fingerprint, { domain: HARBOUR }),
      await confirm(device, record, fingerprint, {
        written: [{ parts: ['anchor'], digest: '0'.repeat(64) }],
      }),
      await confirm(device, record, fingerprint, {
        written: [{ parts: ['leaf', 'chain'], digest: '0'.repeat(64) }],
      }),
    ].map(({ code }) => code);
    expect(codes).toEqual([
      'registration_unknown',
      'certificate_unknown',
      'certificate_unknown',
      'registration_unknown',
      'read_back_mismatch',
      'read_back_mismatch',
    ]);
    // A small buffer takes no chain.
    const written = [['anchor'], ['leaf']].map((parts) => ({ parts, digest: '0'.repeat(64) }));
    expect(await confirm(device, record, fingerprint, { written })).toMatchObject({ outcome: 'noted' });
  });

  it('takes a registration back, revokes its certificate, and lets the device be bound anew', async () => {
    const device = await listed();
    const { record, certificate } = await register(device);
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'noted' });
    const stored = await server.running.installation.stores.certificates.byFingerprint(
      certificate?.fingerprint ?? '',
    );
    expect(stored?.revokedAt).not.toBeNull();
    expect(await confirm(device, record, certificate?.fingerprint ?? '')).toMatchObject({
      code: 'certificate_unknown',
    });
    const anew = await register(device, {}, HARBOUR);
    expect(anew).toMatchObject({ outcome: 'bound' });
    expect(anew.certificate?.fingerprint).not.toBe(certificate?.fingerprint);
  });

  it('lets only its author take it back, and withdraws what is held', async () => {
    const device = await listed();
    const { record } = await register(device);
    const sam = await server.signIn('sam');
    expect(await takeBack(device, record, sam)).toMatchObject({ code: 'registration_unknown' });
    const found = await makeDevice();
    const held = await register(found, { asFound: true });
    expect(await takeBack(found, held.record)).toMatchObject({ outcome: 'noted' });
    expect(await ines.outcome(held.record, 'northfield')).toMatchObject({
      outcome: 'refused',
      code: 'withdrawn',
    });
  });

  it('says of other kinds that it cannot decide them', async () => {
    const change = await ines.submit('transfer+jws', common(), 'northfield');
    expect(change).toMatchObject({ outcome: 'refused', code: 'kind_not_supported' });
  });

  it('decides the records of one batch in the order of the chain', async () => {
    const device = await listed();
    const payload = registrationOf(device, OAK_STREET);
    const first = await ines.seal('registration+jws', payload, 'northfield');
    const undo = { ...common(), of: payload.id, udid: device.udid, reason: 'undone' };
    const second = await ines.seal('void+jws', undo, 'northfield');
    await ines.send([second.jws, first.jws]);
    expect(await ines.outcome(undo.id, 'northfield')).toMatchObject({ outcome: 'noted' });
  });
});
