import { setImmediate } from 'node:timers/promises';
import { MOST_PLAIN_ROWS } from '../../contract/list-changes.ts';
import type { Role } from '../../contract/operator.ts';
import type { PackDomain, WorkPack } from '../../contract/work-pack.ts';
import { fromBase64Url, toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { PACK_LIFE_MS } from '../../core/pack-life.ts';
import type { CertificateAuthority } from '../ports/certificate-authority.ts';
import type { RevocationLists } from '../ports/crls.ts';
import { type Org, scopeOf } from '../ports/orgs.ts';
import type { Needs } from '../ports/stores.ts';
import type { SignedStatement, StatementKeys } from '../trail/statement-keys.ts';

const DAY = 24 * 3_600_000;
/** After this time a pack is made anew even if its contents are the same, so that its challenge is not too old. */
const RENEW_AFTER = DAY / 2;
/** Digests that are read at once, so that others have their turn in between. */
const SLICE = 4_000;
const MAX_DIGESTS = 200_000;
const MAX_TOMBSTONES = 100_000;

export interface PackParts {
  readonly stores: Needs<
    'lineage' | 'orgs' | 'domains' | 'list' | 'listFeed' | 'tombstones' | 'statements' | 'versions'
  >;
  readonly ca: CertificateAuthority;
  readonly lists: Pick<RevocationLists, 'current'>;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly aud: string;
  /** Version of the app that this server serves. */
  readonly app: string;
}

type Contents = Omit<WorkPack, 'issuedAt' | 'notAfter' | 'challenge'>;

export interface WorkPacks {
  /**
   * The signed pack. It stays the same as long as its contents do not change. With its list apart it holds no row and
   * no digest: the phone takes those by their changes (list-changes.ts). Phones from before that take all at once.
   */
  pack(org: Org, role: Role, list?: 'apart'): Promise<SignedStatement>;
}

export function workPacks(parts: PackParts): WorkPacks {
  const cache = new Map<
    string,
    { version: string; inputs: string; at: number; signed: SignedStatement; kid: string }
  >();
  return {
    async pack(org, role, apart) {
      const name = `${org.name}:${role}:${apart ?? ''}`;
      const cached = cache.get(name);
      const now = parts.clock.now();
      const signer = await parts.statementKeys.active();
      // Under another statement key a pack is signed anew, since the one before may have ended; and one of the future was made by
      // a clock that was ahead.
      const isOurs = cached !== undefined && cached.kid === signer.kid && now >= cached.at;
      const young = isOurs && now - cached.at < RENEW_AFTER;
      // The version is read before the rows: if a change comes in between, the pack looks outdated, never up to date.
      const version = await versionOf(org, apart, parts);
      if (young && cached.version === version) return cached.signed;
      const list = apart === undefined ? await wholeList(org, parts) : { rows: [], digests: [] };
      const contents = await gather(org, role, list, parts);
      const inputs = toBase64Url(await parts.crypto.sha256(utf8(JSON.stringify(contents))));
      if (young && cached.inputs === inputs) {
        cache.set(name, { ...cached, version });
        return cached.signed;
      }
      const notAfter = toInstant(now + PACK_LIFE_MS);
      const challenge = { value: toBase64Url(parts.crypto.random(32)), notAfter };
      const pack: WorkPack = { ...contents, issuedAt: toInstant(now), notAfter, challenge };
      const signed = await signer.sign('pack+jws', pack);
      await parts.stores.statements.log(signed.digest, 'pack+jws', pack.issuedAt);
      cache.set(name, { version, inputs, at: now, signed, kid: signer.kid });
      return signed;
    },
  };
}

/** Changes whenever the contents of this organisation's packs may have changed, at the cost of a few look-ups. */
async function versionOf(org: Org, apart: 'apart' | undefined, parts: PackParts): Promise<string> {
  const issuer = await parts.ca.issuer(org.name);
  const crl = issuer && (await parts.lists.current(issuer.own));
  return `${await parts.stores.versions.version(apart === undefined ? scopeOf(org) : undefined)}/${crl?.issuer ?? ''}/${crl?.number ?? ''}`;
}

async function gather(
  org: Org,
  role: Role,
  list: Pick<WorkPack, 'rows' | 'digests'>,
  parts: PackParts,
): Promise<Contents> {
  const { stores, ca, aud, app } = parts;
  const issuer = await ca.issuer(org.name);
  const crl = issuer && (await parts.lists.current(issuer.own));
  if (issuer === undefined || crl === undefined) throw new Error('an organisation has no issuing CA');
  const domains: PackDomain[] = [];
  for (const { name, title } of await stores.domains.ofOrg(org.name)) {
    domains.push({ name, title, sites: await sitesOf(name, stores), anchorPem: issuer.anchorPem });
  }
  return {
    aud,
    org: org.name,
    role,
    training: org.training,
    app,
    domains: domains.slice(0, 500),
    bundlePem: issuer.anchorsPem,
    crl: toBase64Url(crl.der),
    salt: await stores.listFeed.salt(),
    ...list,
    tombstones: await stores.tombstones.live(MAX_TOMBSTONES),
  };
}

async function sitesOf(domain: string, { domains }: Needs<'domains'>): Promise<PackDomain['sites']> {
  const sites = await domains.sites(domain);
  // The office names a point.
  return sites.map(({ location, ...site }) => ({
    ...site,
    ...(location === undefined ? {} : { location: { ...location, accuracyMetres: 0 } }),
  }));
}

/** The keys that devices changed to (ra/records/judge-lineage.ts), by the digest of each former key. */
async function successorKeys({ stores }: PackParts): Promise<ReadonlyMap<string, Uint8Array>> {
  const all = await stores.lineage.successors(MAX_DIGESTS);
  return new Map(all.map(({ former, spki }) => [former, spki]));
}

async function currentKeyOf(
  publicKey: string | undefined,
  successors: ReadonlyMap<string, Uint8Array>,
  { crypto }: PackParts,
): Promise<Uint8Array | undefined> {
  const spki = successors.size === 0 ? undefined : fromBase64Url(publicKey ?? '');
  return spki && successors.get(await crypto.digest(spki));
}

/**
 * The list for phones that take all of it at once: the own rows, and digests of as many rows as fit, which are enough to
 * say "on the list" and too little to say whose device or which.
 */
async function wholeList(org: Org, parts: PackParts): Promise<Pick<WorkPack, 'rows' | 'digests'>> {
  const { list, listFeed } = parts.stores;
  // Vouchers, origin and age of a row are used by the server only, and phones of any age must be able to read a row,
  // so these fields are left out.
  const successors = org.training ? new Map<string, Uint8Array>() : await successorKeys(parts);
  const rows: WorkPack['rows'] = [];
  for (const { row } of await list.ofOrg(org.name, MOST_PLAIN_ROWS)) {
    const { voucher: _, derivedFrom: _former, stale: _stale, ...told } = row;
    const publicKey = row.anchor === 'key' ? await currentKeyOf(row.publicKey, successors, parts) : undefined;
    rows.push(publicKey === undefined ? told : { ...told, publicKey: toBase64Url(publicKey) });
  }
  const digests: string[] = [];
  for (let n = 0; digests.length < MAX_DIGESTS; ) {
    const slice = await listFeed.digests(scopeOf(org), n, SLICE);
    for (const { digest } of slice) digests.push(toBase64Url(digest));
    n = slice.at(-1)?.n ?? n;
    if (slice.length < SLICE) break;
    await setImmediate();
  }
  // Sorted by digest, which does not show the list's own order.
  return { rows, digests: digests.slice(0, MAX_DIGESTS).sort() };
}
