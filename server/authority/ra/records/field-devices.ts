import { FieldDevice, type FieldDevices, FieldRecord } from '../../../../contract/field-device.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { SiteId } from '../../../../contract/scalars.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import { isDomainName } from '../../../../core/name.ts';
import { toPem } from '../../../../core/pem.ts';
import { placeDigest } from '../../../../core/place.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredChange } from '../../../ports/changes.ts';
import type { FeedEntry, FeedFacts } from '../../../ports/device-feed.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Standing } from '../../../ports/places.ts';
import { shownCertificate } from '../binding/good-certificates.ts';
import { standingOf } from '../binding/place-now.ts';
import { renewableFrom } from '../contact/renew-certificate.ts';

export interface FieldViewParts {
  readonly crypto: CryptoPort;
  readonly ca: { issuerNamed(name: IssuerName): Promise<{ readonly chainPem: string } | undefined> };
  readonly onFault: (error: unknown) => void;
}

type Rows = Pick<FieldDevices, 'devices' | 'records'>;

/**
 * Entries of the feed as this person's phone is told them. A phone takes an answer whole or not at all, so a row that does not fit
 * is left out and said to the operator: it must not keep the others from every phone.
 */
export async function viewField(
  entries: readonly FeedEntry[],
  facts: FeedFacts,
  asker: string,
  parts: FieldViewParts,
): Promise<Rows> {
  const devices: FieldDevice[] = [];
  const records: FieldRecord[] = [];
  for (const { kind, id } of entries) {
    if (kind === 'record') {
      const record = viewRecord(id, facts, asker);
      if (record !== undefined && fits(FieldRecord, record, id, parts)) records.push(record);
      continue;
    }
    const binding = facts.bindings.find((one) => one.id === id);
    if (binding === undefined || isFollowed(binding, facts.bindings)) continue;
    const device = await viewDevice(binding, facts, parts);
    if (device !== undefined && fits(FieldDevice, device, id, parts)) devices.push(device);
  }
  return { devices, records };
}

function fits(
  schema: typeof FieldDevice | typeof FieldRecord,
  row: unknown,
  id: string,
  { onFault }: Pick<FieldViewParts, 'onFault'>,
): boolean {
  if (parse(schema, row) !== undefined) return true;
  onFault(new Error(`phones are not told of ${id}: what is stored of it does not fit`));
  return false;
}

/** Whether a later binding of the same device says more. */
function isFollowed({ id, maker, udid, boundAt, endedAt }: Binding, all: readonly Binding[]): boolean {
  if (endedAt === null) return false;
  const others = all.filter((one) => one.id !== id && one.maker === maker && one.udid === udid);
  return others.some(
    (one) =>
      one.endedAt === null || one.boundAt > boundAt || (one.boundAt === boundAt && one.endedAt > endedAt),
  );
}

async function viewDevice(
  binding: Binding,
  facts: FeedFacts,
  parts: FieldViewParts,
): Promise<FieldDevice | undefined> {
  const { id, maker, udid, registration: root, endedAt, unproven } = binding;
  const first = facts.records.get(root);
  const last = facts.places.get(root)?.[0];
  const taken = facts.successions.get(id);
  const stands = standingOf(binding, { last, payload: first?.payload, taken });
  const by = facts.records.get(stands.standsBy) ?? first;
  const registration = parse(Registration, by?.payload);
  if (by === undefined || registration === undefined) return undefined;
  const newest = shownCertificate(binding, facts);
  const waits =
    newest !== undefined && endedAt === null && newest.revokedAt === null && !facts.handed.has(newest.serial);
  const issuer = waits ? await parts.ca.issuerNamed(newest.issuer) : undefined;
  const suspension = endedAt === null ? facts.suspensions.get(id) : undefined;
  const end = facts.changes.get(root);
  const { domain, site, position } = stands;
  return {
    maker,
    udid,
    ...called(registration, udid, facts),
    ...somewhere(stands, facts),
    place: await placeDigest(
      { domain, site: site ?? undefined, position: position ?? undefined },
      parts.crypto,
    ),
    ...(last === undefined ? {} : { placedAt: last.at }),
    state: binding.state === 'revoked' || endedAt !== null ? 'ended' : binding.state,
    registration: stands.standsBy,
    by: by.author,
    byName: nameOf(by.author, facts),
    capturedAt: by.capturedAt,
    unproven,
    ...(registration.device.installs === false ? { takesNone: true } : {}),
    ...(registration.device.link === 'simulated' ? { simulated: true } : {}),
    ...(suspension === undefined
      ? {}
      : {
          suspended: {
            reason: suspension.reason,
            at: suspension.at,
            by: nameOf(suspension.by, facts),
          },
        }),
    ...(endedAt === null
      ? {}
      : {
          ended: {
            code: end?.outcome === 'refused' && end.code !== null ? end.code : 'retired',
            at: endedAt,
            ...decider(end, facts, 'by'),
            ...(end?.outcome === 'refused' && end.detail !== null
              ? { because: end.detail.slice(0, 300) }
              : {}),
          },
        }),
    ...(newest === undefined
      ? {}
      : { notAfter: newest.notAfter, renewFrom: toInstant(renewableFrom(newest)) }),
    ...(!waits || issuer === undefined
      ? {}
      : {
          certificate: {
            fingerprint: newest.fingerprint,
            leafPem: toPem('CERTIFICATE', newest.der),
            chainPem: issuer.chainPem,
            notBefore: newest.notBefore,
            notAfter: newest.notAfter,
          },
        }),
  };
}

function viewRecord(id: string, facts: FeedFacts, asker: string): FieldRecord | undefined {
  const record = facts.records.get(id);
  const registration = parse(Registration, record?.payload);
  if (record === undefined || registration === undefined) return undefined;
  const decided = facts.changes.get(id);
  // Whoever took their own record back knows of it; of the desk's word they are told.
  const isUndone = decided?.code === 'withdrawn' && decided.by === record.author;
  // What is refused is its author's to read; to colleagues who saw it held it is settled.
  const isRefused =
    record.outcome === 'refused' && record.binding === null && record.author === asker && !isUndone;
  const outcome = record.outcome === 'held' ? 'held' : isRefused ? 'refused' : 'settled';
  const { maker, udid, domain, place, device } = registration;
  const change = outcome === 'settled' ? undefined : decided;
  const last = facts.places.get(id)?.[0];
  if (!isDomainName(domain)) return undefined;
  const said = { domain, site: place.site ?? null, position: place.position ?? null };
  return {
    record: id,
    ...(maker === undefined ? {} : { maker }),
    udid,
    ...called(registration, udid, facts),
    ...somewhere(last ?? said, facts),
    outcome,
    ...(change?.code == null ? {} : { code: change.code }),
    ...(change?.detail == null ? {} : { detail: change.detail.slice(0, 300) }),
    ...decider(change, facts, 'decidedBy'),
    at: record.decidedAt ?? record.receivedAt,
    by: record.author,
    byName: nameOf(record.author, facts),
    capturedAt: record.capturedAt,
    ...(device.link === 'simulated' ? { simulated: true } : {}),
  };
}

function called({ label, device, maker }: Registration, udid: string, { rows }: FeedFacts) {
  const listed = rows.get(udid)?.find(({ row }) => maker === undefined || row.maker === maker)?.row;
  const names = new Set([...label.aliases, ...device.aliases, ...(listed?.aliases ?? [])]);
  names.delete(udid);
  const model = listed?.model ?? device.model ?? label.model;
  return {
    names: [...names].map((name) => name.slice(0, 128)).slice(0, 16),
    ...(model === undefined ? {} : { model }),
  };
}

function somewhere(
  { domain, site, position }: Pick<Standing, 'domain' | 'site' | 'position'>,
  { siteTitles }: FeedFacts,
) {
  const named = parse(SiteId, site);
  const title = named === undefined ? undefined : siteTitles.get(JSON.stringify([domain, named]));
  return {
    domain,
    ...(named === undefined ? {} : { site: named }),
    ...(title === undefined ? {} : { siteTitle: title.slice(0, 120) }),
    ...(position === null ? {} : { position }),
  };
}

/** Who decided, under the name of the field that says so. */
function decider<Field extends string>(
  change: StoredChange | undefined,
  facts: FeedFacts,
  field: Field,
): { readonly [name in Field]?: string } {
  const by = change?.by;
  if (by == null || !facts.members.has(by)) return {};
  return { [field]: nameOf(by, facts) } as { readonly [name in Field]?: string };
}

function nameOf(operator: string, { people }: FeedFacts): string {
  return (people.get(operator) ?? operator).slice(0, 120);
}
