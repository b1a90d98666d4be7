import type { RekeyRefusal } from '../../../../contract/codes.ts';
import { parseCertificate } from '../../../../core/certificate.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { CertificationRequest } from '../../../../core/csr.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import { type Intent, type Issuer, intentName } from '../../../ports/certificate-authority.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { goodCertificates, isAwaited } from '../binding/good-certificates.ts';
import { dropKey } from '../binding/next-key.ts';
import { policyFor, profileOf } from '../binding/policy.ts';
import { issueSuccessor, type SuccessorParts } from './issue-successor.ts';
import { judgeRekey } from './judge-rekey.ts';

type RekeyStores =
  | 'bindings'
  | 'liveBindings'
  | 'certificates'
  | 'revocations'
  | 'lineage'
  | 'intents'
  | 'policies'
  | 'handed'
  | 'list'
  | 'tombstones'
  | 'tpms'
  | 'changes'
  | 'audit';

export interface RekeyParts extends SuccessorParts {
  readonly stores: Needs<'certificates' | 'lineage'>;
  readonly transact: Transact<RekeyStores>;
  readonly crypto: CryptoPort;
}

type RekeyResult =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'refused'; readonly why: RekeyRefusal | 'not_current' };

/**
 * Re-key (RFC 7030 section 4.2.2): a device that uses its current certificate asks for a certificate for another key.
 * Until that is shown, both keys are this device's and nothing else changes (note-contact.ts). Asking again for the
 * same key gives the same certificate; a third key has to wait. Throws SignatureDelayed.
 */
export async function rekeyDevice(
  { id }: Pick<Binding, 'id'>,
  current: StoredCertificate,
  csr: { readonly request: CertificationRequest; readonly der: Uint8Array },
  parts: RekeyParts,
): Promise<RekeyResult> {
  const { stores, transact, ca, crypto } = parts;
  const before = await ca.issuerNamed(current.issuer);
  const issuer = before && (await ca.issuer(before.org));
  if (issuer === undefined) return { kind: 'refused', why: 'not_current' };
  const keyDigest = await crypto.digest(csr.request.spki);
  const begun = await transact((tx) =>
    begin({ id, current, keyDigest, ...csr }, (order) => issuer.prepare(order), tx, parts),
  );
  if ('why' in begun) return { kind: 'refused', why: begun.why };
  if ('intent' in begun && !(await issueSuccessor(begun.binding, begun.intent, 're-keyed', parts)))
    return { kind: 'refused', why: 'not_current' };
  const { pending, successor } = await goodCertificates(id, stores);
  // The pending key was dropped, or the binding ended, during the signature.
  return pending?.keyDigest === keyDigest && successor !== undefined
    ? { kind: 'certificate', der: successor.der }
    : { kind: 'refused', why: 'not_current' };
}

interface RekeyRequest {
  readonly id: string;
  readonly current: StoredCertificate;
  readonly keyDigest: string;
  readonly request: CertificationRequest;
  readonly der: Uint8Array;
}

type RekeyStart =
  | { readonly why: RekeyRefusal | 'not_current' }
  | { readonly binding: Binding; readonly intent: Intent }
  /** The certificate is issued already. */
  | { readonly binding: Binding };

async function begin(
  { id, current, keyDigest, request, der }: RekeyRequest,
  prepare: Issuer['prepare'],
  tx: Needs<RekeyStores>,
  { clock, crypto }: Pick<RekeyParts, 'clock' | 'crypto'>,
): Promise<RekeyStart> {
  const binding = await tx.bindings.binding(id);
  const now = clock.now();
  const at = toInstant(now);
  const good = await goodCertificates(id, tx);
  const { own, pending } = good;
  if (binding?.endedAt !== null || own.every(({ serial }) => serial !== current.serial))
    return { why: 'not_current' };
  const intent = await tx.intents.ofBinding(id);
  const waits = await isAwaited(good, at, tx);
  if (waits && pending?.keyDigest === keyDigest) {
    // A re-key that was interrupted between intent and signature is signed now: the same bytes, the same serial.
    return intent?.serial === pending.serial ? { binding, intent } : { binding };
  }
  // At most one successor may exist that was not shown yet, whether for this key, another one, or the current one.
  if (waits || intent !== undefined || own[0]?.serial !== current.serial) return { why: 'successor_waits' };
  const { org, domain, maker, udid, firstUse } = binding;
  const policy = await policyFor({ org, domain }, tx);
  const { spki: bound } = parseCertificate(current.der);
  const why = await judgeRekey({ binding, bound, request, keyDigest, policy, now }, tx, crypto);
  if (why !== undefined) return { why };
  if (pending !== undefined) await dropKey(pending, binding, { at, actor: 'device' }, tx);
  const prepared = prepare({ ...profileOf(policy, { udid, domain, org }), udid, domain, spki: request.spki });
  const key = { keyDigest, spki: request.spki, maker, udid, binding: id, request: der, firstUse, at };
  await tx.lineage.put({ ...key, serial: prepared.serial, state: 'pending' });
  await tx.intents.intend(prepared, id);
  await audit(tx.audit, {
    at,
    step: STEPS.live,
    event: 're-key intended',
    actor: 'device',
    org,
    subject: udid,
    detail: `${intentName(prepared)}, after ${current.serial}, key ${keyDigest} in place of ${binding.keyDigest}`,
  });
  return { binding, intent: prepared };
}
