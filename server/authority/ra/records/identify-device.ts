import type { ListRow } from '../../../../contract/list-row.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { RowName } from '../../../ports/list-bulk.ts';
import type { OwnedRow } from '../../../ports/maker-list.ts';
import { scopeOf } from '../../../ports/orgs.ts';
import { formerNames } from '../binding/former-names.ts';
import type { DeviceMention } from '../binding/ruling.ts';
import { findListRow } from './find-row.ts';
import type { Entitlement, JudgeInput } from './judge-input.ts';
import { judgeLineage, type KeyStanding } from './judge-lineage.ts';

/** Stands for the maker of a device that is on no list and whose phone could not tell the maker either. */
const NO_MAKER = 'unknown';

/** The device that a registration speaks of, and what is recorded here about it and its key. */
export interface KnownDevice {
  readonly scope: string;
  readonly row: ListRow | undefined;
  readonly maker: string;
  readonly about: DeviceMention;
  /** The names that earlier makers gave it. */
  readonly former: readonly RowName[];
  /** SubjectPublicKeyInfo, DER, and its SHA-256, base64url. */
  readonly spki: Uint8Array;
  readonly keyDigest: string;
  readonly standing: KeyStanding;
  /** The row of another organisation that this device stands on, and that was not released to the one that registers it. */
  readonly foreign: ForeignRow | undefined;
  /** See find-row.ts. */
  readonly rival: OwnedRow | undefined;
}

/** Names a row and whose it is. */
export interface ForeignRow extends RowName {
  readonly owner: OrgName;
}

export function foreignRow({ org, row: { maker, udid } }: OwnedRow): ForeignRow {
  return { owner: org, maker, udid };
}

/** Those of its former names whose rows were handed on: whoever names another's device as the former one is not it. */
async function handedOnFrom(
  scope: string,
  { maker }: RowName,
  former: readonly RowName[],
  org: OrgName,
  { list }: JudgeInput['stores'],
): Promise<readonly RowName[]> {
  const names: RowName[] = [];
  for (let to = maker; names.length < former.length; ) {
    const name = former[names.length];
    if (name === undefined) break;
    const rows = (await list.ofUdid(scope, name.udid)).filter(({ row }) => row.maker === name.maker);
    if (rows.length > 0 && !rows.some((one) => one.org === org || one.handedTo === to)) break;
    names.push(name);
    to = name.maker;
  }
  return names;
}

export async function identifyDevice(
  { record, registration, stores, crypto }: JudgeInput,
  { org, udid, about }: Entitlement,
): Promise<KnownDevice> {
  const { publicKey } = registration.device;
  const scope = scopeOf(org);
  const wanted = { org: org.name, maker: registration.maker, udid, publicKey };
  const list = await findListRow(scope, wanted, stores);
  // Another organisation's row of another name says whose the key is, and nothing about the device that is named here.
  const row = list?.found.row.udid === udid ? list.found.row : undefined;
  const maker = row?.maker ?? registration.maker ?? NO_MAKER;
  const spki = fromBase64Url(publicKey) ?? new Uint8Array();
  const keyDigest = await crypto.digest(spki);
  const former = await formerNames(scope, row, stores, org.name);
  const names = [{ maker, udid }, ...(await handedOnFrom(scope, { maker, udid }, former, org.name, stores))];
  const standing = await judgeLineage(scope, names, { keyDigest, now: record.receivedAt }, stores);
  return {
    ...{ scope, row, maker, about: { ...about, maker }, former, spki, keyDigest, standing },
    foreign: list?.foreign ? foreignRow(list.found) : undefined,
    rival: list?.rival,
  };
}
