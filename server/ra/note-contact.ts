import { toInstant } from '../../core/instant.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Binding } from '../ports/bindings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Needs, Transact } from '../ports/stores.ts';

export interface NoteParts {
  readonly stores: Needs<'certificates' | 'bindings'>;
  readonly transact: Transact<'bindings' | 'certificates' | 'audit'>;
  readonly clock: Clock;
}

/**
 * Step 11, `shown`, and the end of `unproven`. A handshake with the bound key proves that the device has it; one with the
 * newest certificate, that it uses that. Only this retires what the certificate replaced.
 */
export async function noteContact(
  { fingerprint }: { readonly fingerprint: string },
  { id }: Pick<Binding, 'id'>,
  { stores, transact, clock }: NoteParts,
): Promise<void> {
  // Most contacts change nothing, and then nothing waits for its turn to write.
  if (!(await isNews(fingerprint, id, stores))) return;
  await transact(async (tx) => {
    const binding = await tx.bindings.binding(id);
    if (binding?.endedAt !== null) return;
    const at = toInstant(clock.now());
    const trail = { at, step: STEPS.confirm, actor: 'device', org: binding.org, subject: binding.udid };
    if (binding.unproven) {
      await tx.bindings.prove(id);
      await audit(tx.audit, { ...trail, event: 'proved its key' });
    }
    const [newest, ...before] = await tx.certificates.ofBinding(id);
    if (newest?.fingerprint !== fingerprint || newest.revokedAt !== null) return;
    if (binding.state !== 'shown') await tx.bindings.setState(id, 'shown');
    const retired = before.filter(({ revokedAt }) => revokedAt === null);
    for (const { serial } of retired) await tx.certificates.revoke(serial, at, 'superseded');
    await audit(tx.audit, {
      ...trail,
      event: 'shown',
      detail: [`serial ${newest.serial}`, ...retired.map(({ serial }) => `retires ${serial}`)].join(', '),
    });
  });
}

async function isNews(
  fingerprint: string,
  id: string,
  { certificates, bindings }: NoteParts['stores'],
): Promise<boolean> {
  const binding = await bindings.binding(id);
  if (binding?.endedAt !== null) return false;
  if (binding.unproven) return true;
  const [newest, ...before] = await certificates.ofBinding(id);
  if (newest?.fingerprint !== fingerprint) return false;
  return binding.state !== 'shown' || before.some(({ revokedAt }) => revokedAt === null);
}
