import type { ListRow } from '../../../../contract/list-row.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { tombstoneDigests } from '../../../../core/list-lookup.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { RowName } from '../../../ports/list-bulk.ts';

/** Limit of the walk. No device was seen to pass through as many makers. */
const MOST = 8;

/**
 * The names that earlier makers gave the device of a row, the most recent first. Reads nothing if no maker handed the
 * device on.
 */
export async function formerNames(
  scope: string,
  row: ListRow | undefined,
  { list }: Reads<'list'>,
  org?: OrgName,
): Promise<RowName[]> {
  const names: RowName[] = [];
  for (let former = row?.derivedFrom; former !== undefined && names.length < MOST; ) {
    names.push(former);
    former = (await list.row(scope, former.maker, former.udid, org))?.derivedFrom;
  }
  return names;
}

/** Whether one of these names is revoked: a device stays revoked when the next maker renames it. */
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
