import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toBase64Url, toHex, utf8 } from '../../core/bytes.ts';
import { parseCsr } from '../../core/csr.ts';
import { challengeOf, judgePossession, type PossessionEvidence } from '../../core/possession.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { opensslDevice } from '../support/csr.ts';
import { crypto, digest, recordId } from '../support/records.ts';

const challenge =
  (await challengeOf({ pack: digest(1), nonce: digest(2), record: recordId(1) }, crypto)) ?? new Uint8Array();
const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function evidence(over: Partial<PossessionEvidence> = {}): PossessionEvidence {
  return {
    deviceKey: spkiOf(p256.publicKey),
    csr: undefined,
    csrSignature: 'valid',
    hasRequest: true,
    claimed: 'fresh',
    challenge,
    proof: undefined,
    tokens: [],
    ...over,
  };
}

async function verdict(over: Partial<PossessionEvidence>): Promise<string> {
  // Phone and authority judge with different runtimes, and must say the same.
  const [phone, authority] = await Promise.all([
    judgePossession(evidence(over), crypto),
    judgePossession(evidence(over), nodeCrypto),
  ]);
  expect(authority).toEqual(phone);
  return 'code' in phone ? phone.code : phone.result;
}

describe('the challenge', () => {
  test('differs with the pack, the nonce and the record, and is none of strings that are no digests', async () => {
    const of = async (pack: string, nonce: string, record = recordId(1)) => {
      const bytes = await challengeOf({ pack, nonce, record }, crypto);
      return bytes && toHex(bytes);
    };
    const all = new Set([
      await of(digest(1), digest(2)),
      await of(digest(2), digest(1)),
      await of(digest(1), digest(3)),
      await of(digest(1), digest(2), recordId(2)),
    ]);
    expect(all.size).toBe(4);
    expect(await of('short', digest(1))).toBeUndefined();
    expect(await of(digest(1), 'AA')).toBeUndefined();
  });
});

describe('a signature over the challenge', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pss = { padding: 6, saltLength: 32 };
  const keys = {
    'P-256': [p256, () => sign('sha256', challenge, p256.privateKey)],
    'RSA-PSS': [rsa, () => sign('sha256', challenge, { key: rsa.privateKey, ...pss })],
  } as const;

  test.each(['P-256', 'RSA-PSS'] as const)('by a key of %s', async (kind) => {
    const [pair, signed] = keys[kind];
    const proof = { over: 'challenge', signature: new Uint8Array(signed()) } as const;
    const deviceKey = spkiOf(pair.publicKey);
    expect(await verdict({ deviceKey, proof })).toBe('passed');
    expect(await verdict({ proof, deviceKey: opensslDevice('P-256').spki })).toBe('proof_wrong');
    expect(await verdict({ deviceKey, proof, challenge: digest32() })).toBe('proof_wrong');
    expect(await verdict({ deviceKey, proof, challenge: undefined })).toBe('challenge_unknown');
    const cut = { ...proof, signature: proof.signature.slice(0, -1) };
    expect(await verdict({ deviceKey, proof: cut })).toBe('proof_wrong');
  });

  test('by another key of the same kind', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signature = new Uint8Array(sign('sha256', challenge, other.privateKey));
    expect(await verdict({ proof: { over: 'challenge', signature } })).toBe('proof_wrong');
  });
});

describe('a token that names the challenge', () => {
  const jwt = (header: object, claims: object) => {
    const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)));
    const input = `${part(header)}.${part(claims)}`;
    const signature = sign('sha256', utf8(input), { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${toBase64Url(new Uint8Array(signature))}`;
  };
  const proofOf = (text: string) => ({ over: 'jwt', signature: utf8(text) }) as const;

  test('is fresh only with our challenge among its claims, ES256, and the device’s key', async () => {
    const aud = toHex(challenge);
    expect(await verdict({ proof: proofOf(jwt({ alg: 'ES256' }, { aud })) })).toBe('passed');
    expect(await verdict({ proof: proofOf(jwt({ alg: 'none' }, { aud })) })).toBe('proof_wrong');
    expect(await verdict({ proof: proofOf(jwt({ alg: 'ES256' }, { iss: 'x' })) })).toBe('proof_wrong');
    expect(await verdict({ proof: proofOf('not a token') })).toBe('proof_wrong');
    const foreign = opensslDevice('P-256').spki;
    const proof = proofOf(jwt({ alg: 'ES256' }, { aud }));
    expect(await verdict({ proof, deviceKey: foreign })).toBe('proof_wrong');
  });

  test('in place of a request shows the key at some time, or nothing at all', async () => {
    const without = { claimed: 'static', hasRequest: false } as const;
    const token = jwt({ alg: 'ES256' }, { iat: 1 });
    expect(await verdict({ ...without, tokens: ['x.y.z', token] })).toBe('possession_static');
    expect(await verdict({ ...without, tokens: [] })).toBe('possession_missing');
    const foreign = opensslDevice('P-256').spki;
    expect(await verdict({ ...without, tokens: [token], deviceKey: foreign })).toBe('possession_missing');
  });
});

describe('a challenge in the request', () => {
  const named = (unit: string) => opensslDevice('P-256', `/CN=acme-1/OU=${unit}`);

  test('counts as one organisational unit of a request that verifies, for this key', async () => {
    const device = named(toHex(challenge));
    const csr = parseCsr(device.csr);
    const deviceKey = device.spki;
    expect(await verdict({ csr, deviceKey })).toBe('passed');
    expect(await verdict({ csr, deviceKey, csrSignature: 'invalid' })).toBe('proof_wrong');
    expect(await verdict({ csr, deviceKey, csrSignature: 'not_offered' })).toBe('algorithm_not_offered_here');
    expect(await verdict({ csr })).toBe('proof_wrong');
    expect(await verdict({ csr: undefined })).toBe('proof_wrong');
    const wrong = named(toHex(digest32()));
    expect(await verdict({ csr: parseCsr(wrong.csr), deviceKey: wrong.spki })).toBe('proof_wrong');
    const two = opensslDevice('P-256', `/CN=acme-1/OU=${toHex(challenge)}/OU=x`);
    expect(await verdict({ csr: parseCsr(two.csr), deviceKey: two.spki })).toBe('proof_wrong');
  });

  test('that nobody claims to be fresh is a request like any other', async () => {
    const device = named(toHex(challenge));
    const claim = { csr: parseCsr(device.csr), deviceKey: device.spki, claimed: 'static' } as const;
    expect(await verdict(claim)).toBe('possession_static');
  });
});

function digest32(): Uint8Array {
  return new Uint8Array(32).fill(9);
}
