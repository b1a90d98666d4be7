import type { TransferState } from '../../../../contract/transfer.ts';
import type { Needs } from '../../../ports/stores.ts';

/** Open claims on the devices of an organisation, as its desk sees them. */
export async function transferStates(
  org: string,
  stores: Needs<'transfers' | 'offers' | 'bindings' | 'orgs' | 'life' | 'people'>,
): Promise<TransferState[]> {
  const out: TransferState[] = [];
  for (const transfer of await stores.transfers.openOf(org, 500)) {
    const { id, openedAt, claimant, binding: name } = transfer;
    const binding = await stores.bindings.binding(name);
    if (binding === undefined) continue;
    const { maker, udid, domain, site } = binding;
    const suspension = await stores.life.suspension(name);
    const [offered] = await stores.offers.inCase(transfer);
    const person = offered && (await stores.people.person(offered.by));
    out.push({
      id,
      openedAt,
      claimant: ((await stores.orgs.org(claimant))?.title ?? claimant).slice(0, 120),
      maker,
      udid,
      domain,
      ...(site === null ? {} : { site }),
      ...(suspension === undefined ? {} : { suspended: suspension.reason }),
      ...(offered === undefined
        ? {}
        : {
            offered: {
              by: offered.by,
              name: (person?.name ?? offered.by).slice(0, 120),
              because: offered.because,
              at: offered.at,
            },
          }),
    });
  }
  return out;
}
