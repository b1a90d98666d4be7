import type { Clock } from '../../../../core/clock.ts';
import { fromInstant, toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import { intentName } from '../../../ports/certificate-authority.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { goodCertificates, namesElsewhere } from '../binding/good-certificates.ts';
import { dropKey } from '../binding/next-key.ts';
import { policyFor, profileOf } from '../binding/policy.ts';
import { issueSuccessor, type SuccessorParts } from './issue-successor.ts';

export interface RenewParts extends SuccessorParts {
  readonly stores: Needs<'certificates' | 'lineage'>;
  readonly transact: Transact<
    | 'bindings'
    | 'certificates'
    | 'revocations'
    | 'lineage'
    | 'intents'
    | 'policies'
    | 'changes'
    | 'handed'
    | 'audit'
  >;
  readonly clock: Clock;
}

/** The time from which a certificate may be renewed: after two thirds of its life. */
export function renewableFrom({
  notBefore,
  notAfter,
}: Pick<StoredCertificate, 'notBefore' | 'notAfter'>): number {
  const from = fromInstant(notBefore);
  return from + ((fromInstant(notAfter) - from) * 2) / 3;
}

/**
 * Issues the successor of `current`, for the same key, names and domain. Before it is due, or if a successor exists
 * already, the existing certificate is returned: a device has at most one current certificate and one successor that
 * it has not shown yet. Showing the successor retires the current one (note-contact.ts); until then both are good.
 * Renewing the bound key drops the pending one.
 */
export async function renewCertificate(
  { id }: Pick<Binding, 'id'>,
  current: StoredCertificate,
  spki: Uint8Array,
  parts: RenewParts,
): Promise<StoredCertificate | undefined> {
  const { stores, transact, ca, clock } = parts;
  const before = await ca.issuerNamed(current.issuer);
  const issuer = before && (await ca.issuer(before.org));
  if (issuer === undefined) return undefined;
  const begun = await transact(async (tx) => {
    const binding = await tx.bindings.binding(id);
    const { own, pending } = await goodCertificates(id, tx);
    const [newest] = own;
    if (binding?.endedAt !== null || newest === undefined) return undefined;
    // Where it was moved to and got no certificate for, it gets one at once.
    if (
      newest.serial !== current.serial ||
      (clock.now() < renewableFrom(current) && !namesElsewhere(current, binding))
    )
      return { newest };
    const at = toInstant(clock.now());
    const { udid, domain, org } = binding;
    if (pending !== undefined) await dropKey(pending, binding, { at, actor: 'device' }, tx);
    // A renewal that was interrupted between intent and signature is signed now: the same bytes, the same serial.
    const resumed = await tx.intents.ofBinding(id);
    if (resumed !== undefined) return { intent: resumed, binding };
    const profile = profileOf(await policyFor({ org, domain }, tx), { udid, domain, org });
    const intent = issuer.prepare({ ...profile, udid, domain, spki });
    await tx.intents.intend(intent, id);
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: 'renewal intended',
      actor: 'device',
      org,
      subject: udid,
      detail: `${intentName(intent)}, after ${current.serial}`,
    });
    return { intent, binding };
  });
  if (begun === undefined || begun.intent === undefined) return begun?.newest;
  if (!(await issueSuccessor(begun.binding, begun.intent, 'renewed', parts))) return undefined;
  return (await goodCertificates(id, stores)).own[0];
}
