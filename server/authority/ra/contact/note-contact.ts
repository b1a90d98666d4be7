import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { type GoodCertificates, goodCertificates } from '../binding/good-certificates.ts';
import { adoptKey } from '../binding/next-key.ts';

export interface NoteParts {
  readonly stores: Needs<'certificates' | 'bindings' | 'lineage'>;
  readonly transact: Transact<'bindings' | 'certificates' | 'revocations' | 'lineage' | 'handed' | 'audit'>;
  readonly clock: Clock;
}

/**
 * Step 11, `shown`, and the end of `unproven`. A handshake with the bound key proves that the device has it; a
 * handshake with the newest certificate proves that the device uses that. Only then are the certificates that it
 * replaced retired, and the former key if it was made for another one.
 */
export async function noteContact(
  { fingerprint }: { readonly fingerprint: string },
  { id }: Pick<Binding, 'id'>,
  { stores, transact, clock }: NoteParts,
): Promise<void> {
  const now = toInstant(clock.now());
  // Most contacts change nothing, and those do not wait for their turn to write.
  if (!(await isNews(fingerprint, id, now, stores))) return;
  await transact(async (tx) => {
    const binding = await tx.bindings.binding(id);
    if (binding?.endedAt !== null) return;
    const at = toInstant(clock.now());
    const trail = { at, step: STEPS.confirm, actor: 'device', org: binding.org, subject: binding.udid };
    const good = await goodCertificates(id, tx);
    const { newest, retired, isRekey } = shownBy(fingerprint, at, good);
    // The pending key's handshake proves the bound key too: only a handshake with the bound key could have asked for
    // it (device-contact.ts).
    if (binding.unproven) {
      await tx.bindings.prove(id);
      await audit(tx.audit, { ...trail, event: 'proved its key' });
    }
    if (newest === undefined) return;
    const words = [`serial ${newest.serial}`];
    if (isRekey && good.pending !== undefined) {
      words.push(`key ${good.pending.keyDigest} in place of ${binding.keyDigest}`);
      await adoptKey(binding, good.pending, retired, at, tx);
    }
    await tx.handed.hand(newest, 'shown', at);
    if (binding.state !== 'shown') await tx.bindings.setState(id, 'shown');
    // No CRL is signed here: each device of a fleet that renews would have a list of the fleet's length signed. Whoever
    // fetches the list gets a fresh one, and the server's round signs it within half a minute (serve.ts).
    for (const { serial } of retired) await tx.revocations.revoke(serial, at, 'superseded');
    words.push(...retired.map(({ serial }) => `retires ${serial}`));
    await audit(tx.audit, { ...trail, event: 'shown', detail: words.join(', ') });
  });
}

/** What a certificate in use shows: nothing, unless it is the newest of its key; and which certificates it replaces. */
function shownBy(fingerprint: string, now: string, { own, successor }: GoodCertificates) {
  const isRekey = successor?.fingerprint === fingerprint && successor.notAfter > now;
  const [newest, ...before] = own;
  if (isRekey) return { newest: successor, retired: own, isRekey };
  // The certificate of a pending key stays, since only a handshake with that key can show it.
  return newest?.fingerprint === fingerprint
    ? { newest, retired: before, isRekey }
    : { newest: undefined, retired: [], isRekey };
}

async function isNews(
  fingerprint: string,
  id: string,
  now: string,
  stores: NoteParts['stores'],
): Promise<boolean> {
  const binding = await stores.bindings.binding(id);
  if (binding?.endedAt !== null) return false;
  if (binding.unproven) return true;
  const { newest, retired, isRekey } = shownBy(fingerprint, now, await goodCertificates(id, stores));
  return newest !== undefined && (isRekey || binding.state !== 'shown' || retired.length > 0);
}
