import type { Binding } from '../../../ports/bindings.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';

/** Puts a live binding on hold, since a paper of ours that is newer than the copy contradicts it. Resuming it is a person's. */
export async function holdBinding(
  { id, org, maker, udid, domain }: Binding,
  at: string,
  tx: Needs<'life' | 'revocations' | 'intents' | 'changes' | 'audit'>,
): Promise<readonly IssuerName[]> {
  if ((await tx.life.suspension(id)) !== undefined) return [];
  const reason = 'put_back';
  await tx.life.suspend({ binding: id, reason, at, by: 'server' });
  const issuers = await tx.revocations.hold(id, at);
  const intent = await tx.intents.ofBinding(id);
  if (intent !== undefined) await tx.intents.abandon(intent.serial);
  await tx.changes.tell(org, { kind: 'suspended', at, maker, udid, domain, reason });
  await audit(tx.audit, {
    at,
    step: STEPS.live,
    event: `suspended: ${reason}`,
    actor: 'server',
    org,
    subject: udid,
    detail: 'a signed paper that is newer than the copy says otherwise',
  });
  return issuers;
}
