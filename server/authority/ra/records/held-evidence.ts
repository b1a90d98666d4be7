import type { HeldRecord } from '../../../../contract/approval.ts';
import type { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { OwnedRow } from '../../../ports/maker-list.ts';
import { scopeOf } from '../../../ports/orgs.ts';
import type { Standing } from '../../../ports/places.ts';
import type { Needs } from '../../../ports/stores.ts';
import { placeNow } from '../binding/place-now.ts';
import { titlesOf } from './own-titles.ts';

/** More names than a person compares help nobody. */
const MOST_NAMES = 16;

type Shown = Pick<
  HeldRecord,
  'siteTitle' | 'domainTitle' | 'model' | 'location' | 'because' | 'evidence' | 'stands'
>;

/**
 * What a person needs to see before deciding a held registration: what label, device and list say of it, which checks failed, why
 * it was submitted, and where the organisation has it already. Of lists and bindings only the organisation's own are shown.
 */
export async function heldEvidence(
  registration: Registration,
  { org, place: said }: { readonly org: OrgName; readonly place: Standing | undefined },
  stores: Needs<'orgs' | 'domains' | 'list' | 'liveBindings' | 'places' | 'records' | 'life'>,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<Shown> {
  const { label, device, place, because } = registration;
  const [row, stands, titles, key] = await Promise.all([
    ownRow(registration, org, stores),
    standing(registration, org, stores, crypto),
    titlesOf(org, { domain: registration.domain, site: said?.site }, stores),
    keyDigest(device.publicKey, crypto),
  ]);
  const rowKey = row?.row.publicKey === undefined ? undefined : await keyDigest(row.row.publicKey, crypto);
  const model = row?.row.model ?? device.model ?? label.model;
  return {
    ...titles,
    ...(model === undefined ? {} : { model }),
    ...(place.location === undefined ? {} : { location: place.location }),
    ...(because === undefined ? {} : { because }),
    ...(stands === undefined ? {} : { stands }),
    evidence: {
      label: {
        how: label.how,
        kind: label.kind,
        names: label.aliases.slice(0, MOST_NAMES),
        ...(label.model === undefined ? {} : { model: label.model }),
      },
      device: {
        driver: device.driver,
        names: device.aliases.slice(0, MOST_NAMES),
        key,
        ...(device.firmware === undefined ? {} : { firmware: device.firmware }),
        ...(device.model === undefined ? {} : { model: device.model }),
      },
      ...(row === undefined ? {} : { list: listSays(row, rowKey) }),
      checks: registration.checks,
    },
  };
}

function listSays(
  { row: { udid, aliases, model, order } }: OwnedRow,
  key: string | undefined,
): NonNullable<NonNullable<Shown['evidence']>['list']> {
  return {
    names: [udid, ...aliases].slice(0, MOST_NAMES),
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { key }),
    ...(order === undefined ? {} : { order }),
  };
}

/** The organisation's own row of that name, else the one that has its key under another name. */
async function ownRow(
  { maker, udid, device }: Registration,
  org: OrgName,
  { orgs, list }: Needs<'orgs' | 'list'>,
): Promise<OwnedRow | undefined> {
  const known = await orgs.org(org);
  if (known === undefined) return undefined;
  const scope = scopeOf(known);
  const own = (rows: readonly OwnedRow[]) => rows.filter((one) => one.org === org);
  const named = own(await list.ofUdid(scope, udid));
  return (
    named.find(({ row }) => row.maker === maker) ??
    named[0] ??
    own(await list.ofKey(scope, device.publicKey))[0]
  );
}

/** The live binding of that name or of that key, if it is this organisation's. */
async function standing(
  { maker, udid, device }: Registration,
  org: OrgName,
  stores: Needs<'liveBindings' | 'domains' | 'places' | 'records' | 'life'>,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<Shown['stands']> {
  const [named, ofKey] = await Promise.all([
    maker === undefined ? [] : stores.liveBindings.named(maker, udid),
    keyDigest(device.publicKey, crypto).then((digest) => stores.liveBindings.byKey(digest)),
  ]);
  const binding = [...named, ofKey].find((one) => one?.org === org);
  if (binding === undefined) return undefined;
  const { domain, site, position } = await placeNow(binding, stores);
  return {
    domain,
    boundAt: binding.boundAt,
    ...(site === null ? {} : { site }),
    ...(position === null ? {} : { position }),
    ...(await titlesOf(org, { domain, site }, stores)),
  };
}

function keyDigest(publicKey: string, crypto: Pick<CryptoPort, 'digest'>): Promise<string> {
  return crypto.digest(fromBase64Url(publicKey) ?? new Uint8Array());
}
