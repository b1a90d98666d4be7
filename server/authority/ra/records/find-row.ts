import type { ListRow } from '../../../../contract/list-row.ts';
import type { Reads } from '../../../ports/group-stores.ts';

/**
 * Finds the list row that a registration speaks of: by maker and UDID. Where the phone could not tell the maker, it
 * is found by the device's key, and then by the UDID if only one maker has it. If makers handed the device on, the
 * newest row is meant.
 */
export async function findListRow(
  scope: string,
  device: { readonly maker: string | undefined; readonly udid: string; readonly publicKey: string },
  { list }: Reads<'list'>,
): Promise<ListRow | undefined> {
  if (device.maker !== undefined) return list.row(scope, device.maker, device.udid);
  const byKey = (await list.byKey(scope, device.publicKey)).filter((row) => row.udid === device.udid);
  if (byKey.length > 0) return newest(byKey)[0];
  const byUdid = newest(await list.byUdid(scope, device.udid));
  return byUdid.length === 1 ? byUdid[0] : undefined;
}

/** Leaves out every row from which another one of these is derived. */
function newest(rows: readonly ListRow[]): ListRow[] {
  return rows.filter(
    ({ maker, udid }) =>
      !rows.some(({ derivedFrom }) => derivedFrom?.maker === maker && derivedFrom.udid === udid),
  );
}
