import { fromInstant, toInstant } from '../../core/instant.ts';
import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Binding } from '../ports/bindings.ts';
import type { CertificateAuthority } from '../ports/certificate-authority.ts';
import type { StoredCertificate } from '../ports/certificates.ts';
import type { Clock } from '../ports/clock.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { policyFor, profileOf } from './policy.ts';

export interface RenewParts {
  readonly stores: Needs<'certificates'>;
  readonly transact: Transact<'bindings' | 'certificates' | 'intents' | 'policies' | 'changes' | 'audit'>;
  readonly ca: CertificateAuthority;
  readonly clock: Clock;
}

/** From when on a certificate may be renewed: two thirds of its life. */
export function renewableFrom({
  notBefore,
  notAfter,
}: Pick<StoredCertificate, 'notBefore' | 'notAfter'>): number {
  const from = fromInstant(notBefore);
  return from + ((fromInstant(notAfter) - from) * 2) / 3;
}

/**
 * The successor of `current`, for the same key, names and domain. Before it is due, or where one was made already, what is
 * there is given again: per device at most one current certificate and one successor that it has not shown yet. The
 * successor gets its place by being shown (note-contact.ts); until then both are good.
 */
export async function renewCertificate(
  { id }: Pick<Binding, 'id'>,
  current: StoredCertificate,
  spki: Uint8Array,
  { stores, transact, ca, clock }: RenewParts,
): Promise<StoredCertificate | undefined> {
  const before = await ca.issuerNamed(current.issuer);
  const issuer = before && (await ca.issuer(before.org));
  if (issuer === undefined) return undefined;
  const begun = await transact(async (tx) => {
    const binding = await tx.bindings.binding(id);
    const newest = await tx.certificates.newest(id);
    if (binding?.endedAt !== null || newest === undefined || newest.revokedAt !== null) return undefined;
    if (newest.serial !== current.serial || clock.now() < renewableFrom(current)) return { newest };
    // A renewal that ended between intent and signature is signed now: the same bytes, the same serial.
    const resumed = await tx.intents.ofBinding(id);
    if (resumed !== undefined) return { intent: resumed, binding };
    const { udid, domain, org } = binding;
    const profile = profileOf(await policyFor({ org, domain }, tx), { udid, domain, org });
    const order = { ...profile, udid: udid as Udid, domain: domain as DomainName, spki };
    const intent = issuer.prepare(order);
    await tx.intents.intend(intent, id);
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.live,
      event: 'renewal intended',
      actor: 'device',
      org,
      subject: udid,
      detail: `serial ${intent.serial}, TBS ${intent.tbsDigest}, after ${current.serial}`,
    });
    return { intent, binding };
  });
  if (begun === undefined || begun.intent === undefined) return begun?.newest;
  const { intent, binding } = begun;
  const signer = intent.issuer === issuer.name ? issuer : await ca.issuerNamed(intent.issuer);
  if (signer === undefined) return undefined;
  const signed = await signer.sign(intent);
  await transact(async (tx) => {
    const there = await tx.intents.ofBinding(id);
    if (there?.serial !== intent.serial) return; // another process finished it, or the binding has ended
    await tx.certificates.issue(intent.serial, signed);
    const at = toInstant(clock.now());
    const { org, maker, udid, domain } = binding;
    const { fingerprint } = signed;
    const { notAfter } = signed.validity ?? intent;
    await tx.changes.tell(org, { kind: 'renewed', at, maker, udid, domain, fingerprint, notAfter });
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: 'renewed',
      actor: intent.issuer,
      org: binding.org,
      subject: binding.udid,
      detail: `serial ${intent.serial}, SHA-256 ${signed.fingerprint}`,
    });
  });
  const newest = await stores.certificates.newest(id);
  return newest?.revokedAt === null ? newest : undefined;
}
