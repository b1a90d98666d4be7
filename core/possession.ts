import type { CheckFailure, NotCheckable } from '../contract/codes.ts';
import { concat, equalBytes, fromBase64Url, fromUtf8, toHex, utf8 } from './bytes.ts';
import type { CryptoPort, Verdict } from './crypto.ts';
import type { CertificationRequest } from './csr.ts';
import { type Jws, parseJws, verifyJws } from './jws.ts';
import { ecdsaToFixed, parseSpki } from './spki.ts';

/** What challenges a device: the digest of the work pack at hand, a nonce of this visit, and the record to come. */
export interface ChallengeParts {
  /** SHA-256 of the pack's signing input, base64url. The pack holds the backend's 32 random bytes, so nobody knew it before. */
  readonly pack: string;
  /** 32 random bytes, base64url. */
  readonly nonce: string;
  /** Id of the record this visit is for. An id is taken once, so an answer serves one registration and no later one. */
  readonly record: string;
}

/** A signature over the challenge, as the device gave it (src/ports/device.ts says what each is over). */
export interface PossessionProof {
  readonly over: 'challenge' | 'jwt';
  readonly signature: Uint8Array;
}

/** All that says whether the device holds its private key. */
export interface PossessionEvidence {
  readonly deviceKey: Uint8Array;
  /** Undefined where none was given, or none that can be read. */
  readonly csr: CertificationRequest | undefined;
  /** Whether the request's own signature verifies: a challenge inside one that does not is anybody's writing. */
  readonly csrSignature: Verdict;
  /** Whether a request was given at all: some firmware makes none. */
  readonly hasRequest: boolean;
  readonly claimed: 'static' | 'fresh';
  /** The 32 bytes the device was asked to sign; undefined where it was not asked, or nobody here knows the challenge. */
  readonly challenge: Uint8Array | undefined;
  readonly proof: PossessionProof | undefined;
  /** Tokens that the device's own key signed at some time, in place of a request. */
  readonly tokens: readonly string[];
}

export type PossessionVerdict =
  | { readonly result: 'passed' }
  | { readonly result: 'failed'; readonly code: CheckFailure }
  | { readonly result: 'not_checkable'; readonly code: NotCheckable };

const ORGANIZATIONAL_UNIT = '2.5.4.11';
const DOMAIN = utf8('fieldbind possession 1\0');

/** The 32 bytes that a device is asked to sign: SHA-256 of a fixed prefix, the pack's digest, the nonce and the record's id. */
export async function challengeOf(
  { pack, nonce, record }: ChallengeParts,
  crypto: Pick<CryptoPort, 'sha256'>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [digest, random] = [fromBase64Url(pack), fromBase64Url(nonce)];
  if (digest?.length !== 32 || random?.length !== 32) return undefined;
  return crypto.sha256(concat(DOMAIN, digest, random, utf8(record)));
}

/**
 * Whether the device holds its key now. `passed` only for a signature over our challenge; a request that could have been
 * copied is `possession_static`, which is no proof of the moment.
 */
export async function judgePossession(
  evidence: PossessionEvidence,
  crypto: CryptoPort,
): Promise<PossessionVerdict> {
  const { hasRequest, claimed, challenge, proof } = evidence;
  if (claimed === 'fresh') {
    if (challenge === undefined) return { result: 'not_checkable', code: 'challenge_unknown' };
    const verdict =
      proof === undefined
        ? inRequest(evidence, challenge)
        : await byProof(evidence, proof, challenge, crypto);
    if (verdict === 'valid') return { result: 'passed' };
    return verdict === 'invalid'
      ? { result: 'failed', code: 'proof_wrong' }
      : { result: 'not_checkable', code: 'algorithm_not_offered_here' };
  }
  if (hasRequest) return { result: 'not_checkable', code: 'possession_static' };
  for (const token of evidence.tokens) {
    const jws = parseJws(token);
    if (jws !== undefined && (await isByKey(jws, evidence.deviceKey, crypto)))
      return { result: 'not_checkable', code: 'possession_static' };
  }
  return { result: 'failed', code: 'possession_missing' };
}

/** One organisational unit of the request's subject is the challenge, and the request is for this key. */
function inRequest({ csr, csrSignature, deviceKey }: PossessionEvidence, challenge: Uint8Array): Verdict {
  if (csr === undefined || !equalBytes(csr.spki, deviceKey)) return 'invalid';
  const units = csr.subject.filter(({ type }) => type === ORGANIZATIONAL_UNIT);
  return units.length === 1 && units[0]?.text === toHex(challenge) ? csrSignature : 'invalid';
}

async function byProof(
  { deviceKey }: PossessionEvidence,
  { over, signature }: PossessionProof,
  challenge: Uint8Array,
  crypto: CryptoPort,
): Promise<Verdict> {
  if (over === 'challenge') return overChallenge(deviceKey, signature, challenge, crypto);
  const jws = parseJws(fromUtf8(signature) ?? '');
  if (jws === undefined || !claims(jws).includes(toHex(challenge))) return 'invalid';
  return (await isByKey(jws, deviceKey, crypto)) ? 'valid' : 'invalid';
}

/** ECDSA as DER, RSA as PSS over SHA-256 with a salt of 32 bytes (esp_rmaker_node_auth.c), Ed25519 as it is. */
async function overChallenge(
  spki: Uint8Array,
  signature: Uint8Array,
  challenge: Uint8Array,
  crypto: CryptoPort,
): Promise<Verdict> {
  try {
    const { type, algorithm, bits } = parseSpki(spki);
    if (type === 'RSA') return await crypto.verify('PS256', spki, signature, challenge);
    const fixed = type === 'Ed25519' ? signature : ecdsaToFixed(signature, bits);
    return await crypto.verify(algorithm, spki, fixed, challenge);
  } catch {
    return 'invalid';
  }
}

/** ES256 only, and said so by the token itself (RFC 8725 section 3.1). */
async function isByKey(jws: Jws, spki: Uint8Array, crypto: CryptoPort): Promise<boolean> {
  const { alg } = jws.header as { readonly alg?: unknown };
  return alg === 'ES256' && (await verifyJws(jws, spki, crypto));
}

function claims({ payload }: Jws): string[] {
  return Object.values(payload as Record<string, unknown>).filter((value) => typeof value === 'string');
}
