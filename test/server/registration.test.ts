import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, toBase64Url, toHex, utf8 } from '../../core/bytes.ts';
import { type ChallengeParts, challengeOf } from '../../core/possession.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HANNA, OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { A_DIGEST, makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

describe('a good registration', () => {
  it.each(['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)('binds a %s device', async (algorithm) => {
    const device = await server.listedDevice({ algorithm });
    expect(await register(ines, device)).toMatchObject({
      outcome: 'bound',
      maker: 'acme',
      udid: device.udid,
      domain: OAK_STREET,
      unproven: true,
    });
  });

  it('finds the row by key where the phone could not tell the maker', async () => {
    const device = await server.listedDevice();
    const { maker: _, ...rest } = registrationOf(device, OAK_STREET);
    expect(await ines.submit('registration+jws', rest, 'northfield')).toMatchObject({
      outcome: 'bound',
      maker: 'acme',
    });
  });

  it('does not take the phone’s word for fresh possession', async () => {
    const change = await register(ines, await server.listedDevice(), { device: { possession: 'fresh' } });
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
    const device = await server.listedDevice();
    expect(await register(ines, device, await answered(device))).toMatchObject({
      outcome: 'bound',
      unproven: false,
    });
  });

  it('is refused where the signature is over another visit’s challenge, or by another key', async () => {
    const device = await server.listedDevice();
    const stale = await answered(device, { nonce: toBase64Url(new Uint8Array(32)) });
    expect(await register(ines, device, stale)).toMatchObject({
      outcome: 'refused',
      code: 'proof_wrong',
    });
    const other = await answered(await makeDevice());
    expect(await register(ines, device, other)).toMatchObject({ code: 'proof_wrong' });
    // One answer serves one record: kept and sent again under another id it proves nothing.
    const { device: kept } = await answered(device);
    expect(await register(ines, device, { device: kept })).toMatchObject({ code: 'proof_wrong' });
  });

  it('counts for nothing over a challenge that was never handed out, or long ago', async () => {
    const device = await server.listedDevice();
    const challenge = { pack: A_DIGEST, nonce: A_DIGEST };
    const { id, device: evidence } = await answered(device, challenge);
    expect(await register(ines, device, { id, device: { ...evidence, challenge } })).toMatchObject({
      outcome: 'bound',
      unproven: true,
    });
    const old = await server.listedDevice();
    const kept = await answered(old);
    const capturedAt = new Date(Date.now() + 16 * 86_400_000).toISOString();
    expect(await register(ines, old, { ...kept, capturedAt })).not.toMatchObject({ unproven: false });
  });

  it('a request that holds the challenge', async () => {
    await ines.pack('northfield');
    const id = uuid7(Date.now(), nodeCrypto);
    const challenge = { pack: ines.anchor, nonce: toBase64Url(nodeCrypto.random(32)) };
    const unit = toHex((await challengeOf({ ...challenge, record: id }, nodeCrypto)) ?? new Uint8Array());
    const device = await server.listedDevice({ unit });
    const change = await register(ines, device, { id, device: { possession: 'fresh', challenge } });
    expect(change).toMatchObject({ outcome: 'bound', unproven: false });
    const plain = await server.listedDevice();
    expect(await register(ines, plain, { device: { possession: 'fresh', challenge } })).toMatchObject({
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
    const device = await server.listedDevice();
    const evidence = (text: string) => ({
      driver: 'arduino',
      csr: '',
      installs: false,
      attestations: [{ kind: 'arduino-jwt' as const, text }],
    });
    const foreign = await register(ines, device, { device: evidence(await token(await makeDevice())) });
    expect(foreign).toMatchObject({ outcome: 'refused', code: 'possession_missing' });
    expect(await register(ines, device, { device: evidence(await token(device)) })).toMatchObject({
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
    expect(await register(ines, device)).toMatchObject({ outcome: 'refused', code: 'udid_invalid' });
  });

  it('a device that is on no list', async () => {
    expect(await register(ines, await makeDevice())).toMatchObject({
      outcome: 'refused',
      code: 'unknown_device',
    });
  });

  it('the right UDID with the wrong key, with and without its maker', async () => {
    const { udid } = await server.listedDevice();
    const impostor = await makeDevice({ udid });
    expect(await register(ines, impostor)).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    const { maker: _, ...rest } = registrationOf(impostor, OAK_STREET);
    const change = await ines.submit('registration+jws', rest, 'northfield');
    expect(change).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
  });

  it('a CSR with a broken signature, one for another key, and none at all', async () => {
    const device = await server.listedDevice();
    const broken = Uint8Array.from(device.csr);
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    const other = await makeDevice({ udid: device.udid });
    const code = async (csr: Uint8Array) =>
      (await register(ines, device, { device: { csr: toBase64Url(csr) } })).code;
    expect(await code(broken)).toBe('csr_signature_invalid');
    expect(await code(other.csr)).toBe('csr_key_mismatch');
    expect(await code(Uint8Array.of(0x30, 0))).toBe('csr_malformed');
    expect(await code(new Uint8Array())).toBe('possession_missing');
  });

  it('a subject that is not the device’s, unless the driver says subjects say nothing', async () => {
    const device = await server.listedDevice({ commonName: 'somebody else' });
    expect(await register(ines, device)).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
    const silent = await server.listedDevice({ commonName: 'device' });
    expect(await register(ines, silent, { device: { subjectSaysNothing: true } })).toMatchObject({
      outcome: 'bound',
    });
  });

  it('a device that calls itself another one of the same scheme', async () => {
    const device = await server.listedDevice({ udid: 'mac-02a1b2c3d4e7', commonName: '02a1b2c3d4e7' });
    const aliases = ['mac-02a1b2c3d4e8'];
    expect(await register(ines, device, { device: { aliases } })).toMatchObject({
      outcome: 'refused',
      code: 'identity_mismatch',
    });
  });

  it('a subject that only the phone says is the device’s', async () => {
    const device = await server.listedDevice({ commonName: 'phone-says-so' });
    const label = { ...registrationOf(device, OAK_STREET).label, aliases: ['phone-says-so'] };
    const claimed = await register(ines, device, { label, device: { aliases: ['phone-says-so'] } });
    expect(claimed).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
    await server.importList('northfield', [rowOf(device, { aliases: ['phone-says-so'] })]);
    expect(await register(ines, device)).toMatchObject({ outcome: 'bound' });
    const bare = await server.listedDevice({ udid: 'mac-02a1b2c3d4e5', commonName: '02A1B2C3D4E5' });
    expect(await register(ines, bare, { device: { driver: 'esp-claim' } })).toMatchObject({
      outcome: 'bound',
    });
  });

  it('a subject that says nothing, of a driver that is not known to be silent', async () => {
    const device = await server.listedDevice({ commonName: 'device' });
    const change = await register(ines, device, { device: { subjectSaysNothing: true, driver: 'mine' } });
    expect(change).toMatchObject({ outcome: 'refused', code: 'csr_subject_mismatch' });
  });

  it('a label with another key, and a weak key', async () => {
    const device = await server.listedDevice();
    const { spki } = await makeDevice();
    const label = { ...registrationOf(device, OAK_STREET).label, publicKey: toBase64Url(spki) };
    expect(await register(ines, device, { label })).toMatchObject({ code: 'label_key_mismatch' });
    const weak = await makeDevice({ algorithm: 'RSA-1024' });
    expect((await server.importList('northfield', [rowOf(weak)])).errors).toMatchObject([
      { code: 'key_weak' },
    ]);
    await server.importList('northfield', [rowOf(weak, { anchor: 'udid-only' })]);
    expect(await register(ines, weak)).toMatchObject({ outcome: 'refused', code: 'key_weak' });
  });

  it('a domain nobody has, and one of somebody else beside one’s own', async () => {
    const unknown = `elsewhere.${OAK_STREET}`;
    expect(await register(ines, await server.listedDevice(), {}, unknown)).toMatchObject({
      code: 'domain_unknown',
    });
    expect(await register(ines, await server.listedDevice(), {}, HANNA)).toMatchObject({
      code: 'domain_not_entitled',
    });
    // Entitled to both, but the record is for one organisation and the domain is the other's.
    expect(await register(ines, await server.listedDevice(), {}, PRACTICE)).toMatchObject({
      code: 'domain_not_entitled',
    });
  });
});
