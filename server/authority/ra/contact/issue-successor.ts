import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { CertificateAuthority, Intent } from '../../../ports/certificate-authority.ts';
import type { Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';

export interface SuccessorParts {
  readonly transact: Transact<'certificates' | 'intents' | 'changes' | 'audit'>;
  readonly ca: CertificateAuthority;
  readonly clock: Clock;
}

/**
 * The second durable step of a renewal or re-key that the device began: signs the recorded intent with the issuing CA
 * that prepared it, and stores the certificate. False if that CA is not in this installation. Throws
 * SignatureDelayed.
 */
export async function issueSuccessor(
  { id, org, maker, udid, domain }: Binding,
  intent: Intent,
  kind: 'renewed' | 're-keyed',
  { transact, ca, clock }: SuccessorParts,
): Promise<boolean> {
  const signer = await ca.issuerNamed(intent.issuer);
  if (signer === undefined) return false;
  const signed = await signer.sign(intent);
  await transact(async (tx) => {
    const open = await tx.intents.ofBinding(id);
    if (open?.serial !== intent.serial) return; // another process finished it, or the binding has ended
    await tx.certificates.issue(intent.serial, signed);
    const at = toInstant(clock.now());
    const { fingerprint } = signed;
    const { notAfter } = signed.validity ?? intent;
    const rekeyed = kind === 're-keyed' ? { rekeyed: true } : {};
    await tx.changes.tell(org, {
      kind: 'renewed',
      at,
      maker,
      udid,
      domain,
      fingerprint,
      notAfter,
      ...rekeyed,
    });
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: kind,
      actor: intent.issuer,
      org,
      subject: udid,
      detail: `serial ${intent.serial}, SHA-256 ${fingerprint}`,
    });
  });
  return true;
}
