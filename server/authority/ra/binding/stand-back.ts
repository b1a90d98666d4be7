import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { PlaceChange } from '../../../ports/places.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { isKept } from './good-certificates.ts';

/** A move's binding as it stood before, and what is written down of that. */
export interface StandBack {
  readonly to: Pick<Binding, 'domain' | 'site' | 'state'>;
  readonly change: Omit<PlaceChange, 'at'> & { readonly binding: string };
}

/**
 * Back from this move. `has`: the good certificate that the device had before it; it may have been written, taken or shown while the
 * move was there, and then the device does not wait for it.
 */
export async function backFrom(
  move: PlaceChange,
  {
    binding,
    position,
    has,
  }: {
    readonly binding: Binding;
    readonly position: string | null;
    readonly has: Pick<StoredCertificate, 'serial'> | undefined;
  },
  { record, by }: Pick<PlaceChange, 'record' | 'by'>,
  { handed }: Reads<'handed'>,
): Promise<StandBack> {
  const { state: stood = 'issued', ...stands } = move.before;
  const { id, domain, site, registration } = binding;
  const isThere = has !== undefined && (await handed.isHanded(has.serial));
  return {
    to: {
      domain: stands.domain,
      site: stands.site,
      state: stood === 'issued' && isThere ? 'installed' : stood,
    },
    change: {
      ...stands,
      ...{ registration, binding: id, record, by, because: null },
      before: { domain, site, position, standsBy: move.record },
    },
  };
}

/** The device stands where it stood before a move, inside a transaction. What was about to be signed for the other domain is not. */
export async function standBack(
  { to, change }: StandBack,
  at: string,
  { places, bindings, intents }: Needs<'places' | 'bindings' | 'intents'>,
): Promise<void> {
  const begun = await intents.ofBinding(change.binding);
  if (begun !== undefined) await intents.abandon(begun.serial);
  await places.put({ ...change, at });
  await bindings.move(change.binding, to);
}

/**
 * Takes back the move of a record that is held although its binding stands in the other domain already: the device was suspended
 * between the move's first step and the signature. Whoever refuses or withdraws such a record means the move.
 */
export async function standBackFromHeld(
  record: StoredRecord,
  { at, by }: { readonly at: string; readonly by: string },
  tx: Needs<'places' | 'bindings' | 'intents' | 'certificates' | 'handed'>,
): Promise<void> {
  const binding = record.binding === null ? undefined : await tx.bindings.binding(record.binding);
  if (binding === undefined || binding.endedAt !== null) return;
  const all = await tx.places.ofRegistration(binding.registration);
  const [last, moved] = [all[0], all.find((one) => one.record === record.id)];
  if (last?.standsBy !== record.id || moved === undefined || binding.registration === record.id) return;
  const has = (await tx.certificates.ofBinding(binding.id)).find(isKept);
  const { position } = last;
  const back = await backFrom(moved, { binding, position, has }, { record: record.id, by }, tx);
  await standBack(back, at, tx);
}
