import type { Binding } from '../../../ports/bindings.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { endBinding } from './end-binding.ts';
import { placeNow } from './place-now.ts';

/**
 * One device takes another one's place, inside a transaction: the old one's position goes over, and its binding ends. `after` is the
 * binding of the new one. Returns the issuing CAs whose CRL must be signed anew once the transaction is durable.
 */
export async function takeOver(
  before: Binding,
  after: string,
  { at, by, detail }: { readonly at: string; readonly by: string; readonly detail: string },
  tx: Needs<'bindings' | 'revocations' | 'intents' | 'records' | 'changes' | 'life' | 'places' | 'audit'>,
): Promise<readonly IssuerName[]> {
  const { position } = await placeNow(before, tx);
  await tx.life.succeed({ binding: after, predecessor: before.id, position, at });
  const issuers = await endBinding(before, { reason: 'superseded', code: 'replaced', at, by }, tx);
  const said = { at, step: STEPS.live, event: 'replaced', actor: by, org: before.org };
  await audit(tx.audit, { ...said, subject: before.udid, detail });
  return issuers;
}
