import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { isDomainName } from '../../../../core/name.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { PlaceChange, Standing } from '../../../ports/places.ts';
import type { StoredRecord } from '../../../ports/records.ts';

/**
 * Where a device stands: by its last correction or move, else by its registration. A site that the binding has by then counts, and a
 * position that it took over from the device it replaced.
 */
export function standingOf(
  binding: Pick<Binding, 'domain' | 'site' | 'registration'>,
  {
    last,
    payload,
    taken,
  }: { last: PlaceChange | undefined; payload: unknown; taken: string | null | undefined },
): Standing {
  const { domain, site, registration } = binding;
  if (last !== undefined) return { domain, site, position: last.position, standsBy: last.standsBy };
  const said = parse(Registration, payload)?.place.position;
  return { domain, site, position: said ?? taken ?? null, standsBy: registration };
}

export async function placeNow(
  binding: Pick<Binding, 'id' | 'domain' | 'site' | 'registration'>,
  { places, records, life }: Reads<'places' | 'records' | 'life'>,
): Promise<Standing> {
  const [last] = await places.ofRegistration(binding.registration);
  if (last !== undefined) return standingOf(binding, { last, payload: undefined, taken: undefined });
  const payload = (await records.record(binding.registration))?.payload;
  const taken = (await life.succession(binding.id))?.position;
  return standingOf(binding, { last, payload, taken });
}

/** Where a held registration says that its device stands, with what was corrected since. */
export async function placeOfHeld(
  { id, payload }: Pick<StoredRecord, 'id' | 'payload'>,
  { places }: Reads<'places'>,
): Promise<Standing | undefined> {
  const [last] = await places.ofRegistration(id);
  if (last !== undefined) return last;
  const registration = parse(Registration, payload);
  if (registration === undefined || !isDomainName(registration.domain)) return undefined;
  const { domain, place } = registration;
  return { domain, site: place.site ?? null, position: place.position ?? null, standsBy: id };
}
