import { timingSafeEqual } from 'node:crypto';
import type { TpmActivated, TpmActivation, TpmChallengeAnswer } from '../../../contract/tpm.ts';
import { fromBase64Url, toBase64Url } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { fromInstant, toInstant } from '../../../core/instant.ts';
import { toPem } from '../../../core/pem.ts';
import { isStrong, parseSpki } from '../../../core/spki.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import { countsBefore, type StoredRow } from '../../ports/maker-list.ts';
import { REAL_SCOPE } from '../../ports/orgs.ts';
import { PROCESS_SKEW } from '../../ports/server-clock.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { bindingOfKey } from '../ra/binding/binding-of-key.ts';
import { newestOfKey } from '../ra/binding/good-certificates.ts';
import { parseAttestationKey, parseCertifiedKey } from './certified-key.ts';
import { endorsementKey, makeCredential } from './make-credential.ts';
import { TpmError } from './tpm-reader.ts';

/** Time for a device to load a key and answer. */
const PATIENCE_MS = 10 * 60_000;

export interface ActivationParts {
  readonly stores: Needs<'listBulk' | 'bindings' | 'liveBindings' | 'certificates' | 'lineage'>;
  readonly transact: Transact<'tpms' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/**
 * Issues a credential for a TPM whose endorsement key is on the list; undefined if it is not. Throws TpmError if the
 * keys are not a TPM's. Anybody may ask, since only that TPM can use the answer.
 */
export async function challengeTpm(
  request: { readonly ek: string; readonly ak: string },
  parts: ActivationParts,
): Promise<TpmChallengeAnswer | undefined> {
  const { transact, clock, crypto } = parts;
  const spki = bytesOf(request.ek);
  const key = endorsementKey(spki);
  const attestationKey = parseAttestationKey(bytesOf(request.ak));
  const ek = await crypto.digest(spki);
  if ((await rowOf(ek, parts)) === undefined) return undefined;
  const secret = crypto.random(32);
  const now = clock.now();
  const challenge = {
    id: uuid7(now, crypto),
    ek,
    secret: await crypto.digest(secret),
    ak: bytesOf(request.ak),
    expiresAt: toInstant(now + PATIENCE_MS),
  };
  await transact((tx) => tx.tpms.challenge(challenge, toInstant(now)));
  return { id: challenge.id, credential: toBase64Url(makeCredential(key, attestationKey.name, secret)) };
}

/**
 * Checks the answer to a credential. The secret shows that the attestation key lives in the TPM with that endorsement
 * key; what that key certified shows that the device's key lives there too and can never leave. This is stored as
 * evidence for the list row that names the TPM (authority/ra/records/judge-voucher.ts), and binds nothing by itself.
 * Undefined if the challenge is unknown or the secret is wrong; a challenge can be used once. Throws TpmError.
 */
export async function activateTpm(
  request: TpmActivation,
  parts: ActivationParts,
): Promise<TpmActivated | undefined> {
  const { stores, transact, clock, crypto } = parts;
  const at = toInstant(clock.now());
  const challenge = await transact((tx) => tx.tpms.redeem(request.id));
  if (challenge === undefined || challenge.expiresAt < at) return undefined;
  // One that lives longer than any does was made by a clock that was ahead.
  if (challenge.expiresAt > toInstant(fromInstant(at) + PATIENCE_MS + PROCESS_SKEW)) return undefined;
  const found = await crypto.sha256(bytesOf(request.secret));
  if (!timingSafeEqual(found, bytesOf(challenge.secret))) return undefined;
  const { spki } = parseCertifiedKey(
    { key: bytesOf(request.key), attest: bytesOf(request.attest), signature: bytesOf(request.signature) },
    parseAttestationKey(challenge.ak),
  );
  if (!isStrong(parseSpki(spki))) throw new TpmError('the key is too weak');
  const row = await rowOf(challenge.ek, parts);
  if (row === undefined) return undefined;
  const key = await crypto.digest(spki);
  await transact(async (tx) => {
    await tx.tpms.recordKey(challenge.ek, key, at);
    await audit(tx.audit, {
      at,
      step: STEPS.prepare,
      event: 'its TPM showed a key',
      actor: 'device',
      org: row.org,
      subject: row.row.udid,
      detail: `key ${key}`,
    });
  });
  const binding = await bindingOfKey(spki, parts);
  const certificate = binding && (await newestOfKey({ binding: binding.id, keyDigest: key }, stores, crypto));
  return certificate === undefined || certificate.revokedAt !== null
    ? { key }
    : { key, certificate: toPem('CERTIFICATE', certificate.der) };
}

/** A list row of this TPM. If the device was handed on there are several, any of which will do. */
async function rowOf(ek: string, { stores }: ActivationParts): Promise<StoredRow | undefined> {
  const rows = await stores.listBulk.keyed(REAL_SCOPE, [], [ek]);
  return rows.sort((one, other) => (countsBefore(one, other) ? -1 : 1))[0];
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes === undefined) throw new TpmError('not base64url');
  return bytes;
}
