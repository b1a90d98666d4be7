import type { ListRow } from '../../../../contract/list-row.ts';
import type { Reads } from '../../../ports/group-stores.ts';

/**
 * The list row a registration speaks of: by maker and UDID; where the phone could not tell the maker, by the device's
 * key, and then by the UDID if only one maker has it. Of a device that one maker handed on to the next, the newest row.
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

/** Without the former selves of others among them. */
function newest(rows: readonly ListRow[]): ListRow[] {
  return rows.filter(
    ({ maker, udid }) =>
      !rows.some(({ derivedFrom }) => derivedFrom?.maker === maker && derivedFrom.udid === udid),
  );
}
