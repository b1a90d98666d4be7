import type { CryptoPort } from '../../../../core/crypto.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Needs } from '../../../ports/stores.ts';

interface KeyParts {
  readonly stores: Needs<'bindings' | 'liveBindings' | 'lineage'>;
  readonly crypto: CryptoPort;
}

/** The live binding of this key: the one that is bound to it, or the one in which it is the pending next key. */
export async function bindingOfKey(
  spki: Uint8Array,
  { stores, crypto }: KeyParts,
): Promise<Binding | undefined> {
  const digest = await crypto.digest(spki);
  const bound = await stores.liveBindings.byKey(digest);
  if (bound !== undefined) return bound;
  const next = await stores.lineage.byKey(digest);
  const binding = next?.state === 'pending' ? await stores.bindings.binding(next.binding) : undefined;
  return binding?.endedAt === null ? binding : undefined;
}
