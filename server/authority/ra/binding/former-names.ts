import type { ListRow } from '../../../../contract/list-row.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { tombstoneDigests } from '../../../../core/list-lookup.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { RowName } from '../../../ports/list-bulk.ts';

/** More makers than a device was seen to pass through. */
const MOST = 8;

/** What earlier makers called the device of a row, the last of them first. Costs nothing where nobody handed it on. */
export async function formerNames(
  scope: string,
  row: ListRow | undefined,
  { list }: Reads<'list'>,
): Promise<RowName[]> {
  const names: RowName[] = [];
  for (let former = row?.derivedFrom; former !== undefined && names.length < MOST; ) {
    names.push(former);
    former = (await list.row(scope, former.maker, former.udid))?.derivedFrom;
  }
  return names;
}

/** Whether one of them is revoked: a new name makes no new device. */
export async function isRevokedAs(
  names: readonly RowName[],
  { tombstones }: Reads<'tombstones'>,
  crypto: CryptoPort,
): Promise<boolean> {
  if (names.length === 0) return false;
  const digests: string[] = [];
  for (const { udid } of names)
    digests.push(...(await tombstoneDigests(udid, new Uint8Array(), crypto)).slice(0, 1));
  return tombstones.anyLive(digests);
}
