import type { Confirmation } from '../../contract/confirmation.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { Membership } from '../../contract/operator.ts';
import type { Registration } from '../../contract/registration.ts';
import type { Void } from '../../contract/void.ts';
import { tombstoneDigests } from '../../core/list-lookup.ts';
import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { Binding } from '../../server/ports/bindings.ts';
import type { Intent } from '../../server/ports/certificate-authority.ts';
import type { StoredCertificate } from '../../server/ports/certificates.ts';
import type { StoredChange } from '../../server/ports/changes.ts';
import type { Suspension } from '../../server/ports/device-life.ts';
import type { Domain } from '../../server/ports/domains.ts';
import type { StoredEra } from '../../server/ports/eras.ts';
import type { FoundCertificate } from '../../server/ports/found-certificates.ts';
import type { JudgeReads } from '../../server/ports/group-stores.ts';
import type { IssuerName } from '../../server/ports/issuer-name.ts';
import type { LineageKey } from '../../server/ports/key-lineage.ts';
import { type OwnedRow, speaking } from '../../server/ports/maker-list.ts';
import type { CredentialPeriod, OperatorKey } from '../../server/ports/operator-keys.ts';
import { type Org, REAL_SCOPE } from '../../server/ports/orgs.ts';
import type { PlaceChange } from '../../server/ports/places.ts';
import type { Policy, StoredPolicy } from '../../server/ports/policies.ts';
import type { StoredRecord } from '../../server/ports/records.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { rowOf, type TestDevice } from './server-device.ts';

/** What the rules of the registration authority are judged on, in memory: no database, no server, no clock. */

const DAY = 24 * 3_600_000;
const START = Date.UTC(2026, 2, 1, 8);

/** An instant this many days after the tests begin. */
export function day(days: number): string {
  return new Date(START + days * DAY).toISOString();
}

export const NORTH = 'northfield';
export const SOUTH = 'southbank';
/** A training organisation, and where its lists and bindings are. */
export const SCHOOL = 'school';
export const SCHOOL_SCOPE = `training:${SCHOOL}`;
export const NORTH_DOMAIN = 'a.northfield.example' as DomainName;
export const SOUTH_DOMAIN = 'a.southbank.example' as DomainName;
export const SCHOOL_DOMAIN = 'a.school.example' as DomainName;
export const NORTH_CA = NORTH as IssuerName;

/** Two ids of records that fit the schemas. */
export const FIRST = '019b0000-0000-7000-8000-000000000001';
export const SECOND = '019b0000-0000-7000-8000-000000000002';

/** The rows that the rules may read. A test adds its own; what is there already is an installer who may bind. */
export interface Facts {
  readonly orgs: Org[];
  readonly domains: Domain[];
  readonly memberships: { readonly operator: string; readonly membership: Membership }[];
  readonly operatorKeys: OperatorKey[];
  readonly credentials: CredentialPeriod[];
  readonly policies: StoredPolicy[];
  /** Of the northern organisation, or the school in its scope, unless told otherwise. */
  readonly list: {
    readonly scope: string;
    readonly row: ListRow;
    readonly org?: string;
    readonly signedBy?: string;
    readonly handedTo?: string;
  }[];
  readonly tpms: { readonly ek: string; readonly keyDigest: string }[];
  readonly tombstones: Set<string>;
  readonly chain: {
    readonly kid: string;
    readonly seq: number;
    readonly digest: string;
    prev: string | null;
  }[];
  readonly statements: Map<string, string>;
  readonly records: StoredRecord[];
  readonly bindings: Binding[];
  readonly certificates: StoredCertificate[];
  readonly lineage: LineageKey[];
  readonly intents: { readonly intent: Intent; readonly binding: string }[];
  readonly eras: StoredEra[];
  readonly unconfirmed: Set<string>;
  readonly found: FoundCertificate[];
  readonly suspensions: Suspension[];
  readonly places: PlaceChange[];
  /** Serials of certificates that their devices have. */
  readonly handed: Set<string>;
  readonly changes: { readonly org: string; readonly change: StoredChange; readonly wasBound: boolean }[];
}

export function facts(): Facts {
  const org = (name: string, training = false): Org => ({ name, title: name, training, salt: '' });
  const domain = (name: DomainName, of: string): Domain => ({ name, org: of, title: name });
  const member = (of: string) => ({
    operator: 'ines',
    membership: { org: of, title: of, role: 'installer', training: of === SCHOOL } as const,
  });
  return {
    orgs: [org(NORTH), org(SOUTH), org(SCHOOL, true)],
    domains: [domain(NORTH_DOMAIN, NORTH), domain(SOUTH_DOMAIN, SOUTH), domain(SCHOOL_DOMAIN, SCHOOL)],
    memberships: [member(NORTH), member(SCHOOL)],
    operatorKeys: [operatorKey()],
    credentials: [{ kid: 'k', notBefore: day(-10), notAfter: day(20), maxOfflineSeconds: 14 * 24 * 3600 }],
    policies: [],
    list: [],
    tpms: [],
    tombstones: new Set(),
    chain: [],
    statements: new Map([['a', day(-1)]]),
    records: [],
    bindings: [],
    certificates: [],
    lineage: [],
    intents: [],
    eras: [],
    unconfirmed: new Set(),
    found: [],
    suspensions: [],
    places: [],
    handed: new Set(),
    changes: [],
  };
}

const isLive = ({ endedAt }: Binding) => endedAt === null;

/** The port over these rows, which it reads anew each time. */
export function judgeReads(from: Facts): JudgeReads {
  const named = (scope: string) => from.list.filter((one) => one.scope === scope).map(({ row }) => row);
  const owned = (scope: string): OwnedRow[] =>
    from.list
      .filter((one) => one.scope === scope)
      .map(
        ({ row, org = scope === SCHOOL_SCOPE ? SCHOOL : NORTH, signedBy = null, handedTo = null }, index) => {
          return { row, org, signedBy, importedAt: day(-100 + index), handedTo };
        },
      );
  return {
    orgs: { org: async (name) => from.orgs.find((one) => one.name === name) },
    people: {
      memberships: async (operator) =>
        from.memberships.filter((one) => one.operator === operator).map(({ membership }) => membership),
    },
    operatorKeys: {
      key: async (kid) => from.operatorKeys.find((one) => one.kid === kid),
      credentials: async (kid) => from.credentials.filter((one) => one.kid === kid),
    },
    domains: {
      domain: async (name) => from.domains.find((one) => one.name === name),
      site: async () => undefined,
      countSites: async () => 0,
    },
    policies: { ofOrg: async (org) => from.policies.filter((one) => one.org === org) },
    quotas: {
      takePlace: async (org, domain, quota) =>
        from.bindings.filter((one) => isLive(one) && one.org === org && (domain ?? one.domain) === one.domain)
          .length < quota,
    },
    statements: { issuedAt: async (digest) => from.statements.get(digest) },
    list: {
      row: async (scope, maker, udid, org) =>
        speaking(
          owned(scope).filter(({ row }) => row.maker === maker && row.udid === udid),
          org,
        )?.row,
      ofUdid: async (scope, udid) => owned(scope).filter(({ row }) => row.udid === udid),
      ofKey: async (scope, publicKey) =>
        owned(scope).filter(({ row }) => row.anchor === 'key' && row.publicKey === publicKey),
      byUdid: async (scope, udid) => named(scope).filter((one) => one.udid === udid),
      byKey: async (scope, publicKey) => named(scope).filter((one) => one.publicKey === publicKey),
    },
    tpms: {
      hasKey: async (ek, keyDigest) => from.tpms.some((one) => one.ek === ek && one.keyDigest === keyDigest),
    },
    tombstones: { anyLive: async (digests) => digests.some((digest) => from.tombstones.has(digest)) },
    envelopes: {
      inChain: async (kid, seq) => from.chain.find((one) => one.kid === kid && one.seq === seq),
    },
    records: { record: async (id) => from.records.find((one) => one.id === id) },
    bindings: { binding: async (id) => from.bindings.find((one) => one.id === id) },
    liveBindings: {
      byKey: async (keyDigest) => from.bindings.find((one) => isLive(one) && one.keyDigest === keyDigest),
      named: async (maker, udid) =>
        from.bindings.filter((one) => isLive(one) && one.maker === maker && one.udid === udid),
      byName: async (maker, udid) =>
        from.bindings.find((one) => isLive(one) && one.maker === maker && one.udid === udid),
    },
    certificates: {
      ofBinding: async (binding) =>
        from.certificates
          .filter((one) => one.binding === binding)
          .sort((a, b) => b.notBefore.localeCompare(a.notBefore)),
      byFingerprint: async (fingerprint) => from.certificates.find((one) => one.fingerprint === fingerprint),
    },
    lineage: {
      byKey: async (keyDigest) => from.lineage.find((one) => one.keyDigest === keyDigest),
      ofDevice: async (maker, udid) => from.lineage.filter((one) => one.maker === maker && one.udid === udid),
      pendingOf: async (binding) =>
        from.lineage.find((one) => one.binding === binding && one.state === 'pending'),
    },
    life: {
      suspension: async (binding) => from.suspensions.find((one) => one.binding === binding),
      succession: async () => undefined,
    },
    places: {
      ofRegistration: async (id) => from.places.filter(({ registration }) => registration === id).reverse(),
    },
    handed: { isHanded: async (serial) => from.handed.has(serial) },
    changes: {
      lastOf: async (org, record) =>
        from.changes.findLast((one) => one.org === org && one.change.record === record)?.change,
    },
    intents: { ofBinding: async (binding) => from.intents.find((one) => one.binding === binding)?.intent },
    eras: {
      current: async () => from.eras.at(-1),
      lostBy: async (at) => from.eras.findLast((one) => one.copyAt < at && at <= one.at),
      unconfirmed: async (name) => from.unconfirmed.has(name),
    },
    found: {
      anyWaits: async () => from.found.some(({ der }) => der !== null),
      ofDevice: async (udid, keyDigest) =>
        from.found.filter((one) => one.udid === udid || one.keyDigest === keyDigest),
    },
  };
}

export function operatorKey(changes: Partial<OperatorKey> = {}): OperatorKey {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;
  return {
    kid: 'k',
    operator: 'ines',
    jwk,
    enrolledAt: day(-10),
    revokedAt: null,
    covered: null,
    ...changes,
  };
}

type RecordChanges = Omit<Partial<StoredRecord>, 'header'> & { header?: Partial<StoredRecord['header']> };

/** A record as it was received; of this payload, by the installer of the northern organisation unless told otherwise. */
export function received(
  payload: Pick<Registration | Confirmation | Void, 'id' | 'udid'>,
  { header, ...changes }: RecordChanges = {},
): StoredRecord {
  return {
    id: payload.id,
    digest: `digest of ${payload.id}`,
    author: 'ines',
    payload,
    udid: payload.udid,
    capturedAt: day(0),
    receivedAt: day(1),
    outcome: null,
    code: null,
    decidedAt: null,
    binding: null,
    approvedBy: null,
    ...changes,
    header: {
      alg: 'ES256',
      typ: 'registration+jws',
      v: 1,
      kid: 'k',
      aud: 'fieldbind:1',
      org: NORTH,
      seq: 1,
      prev: null,
      epoch: 'e',
      anchor: 'a',
      ...header,
    },
  };
}

/** Names are plain words in tests: what the rules do does not depend on their spelling. */
type Plain = Partial<Omit<Binding, 'udid' | 'domain'> & { readonly udid: string; readonly domain: string }>;

export function bindingWith({ udid = 'acme-1', domain = NORTH_DOMAIN, ...changes }: Plain = {}): Binding {
  return {
    id: 'b1',
    scope: REAL_SCOPE,
    org: NORTH,
    domain: domain as DomainName,
    site: null,
    maker: 'acme',
    udid: udid as Udid,
    keyDigest: 'key-1',
    registration: 'r1',
    state: 'issued',
    unproven: true,
    firstUse: false,
    boundAt: day(-1),
    endedAt: null,
    ...changes,
  };
}

/** Ninety days, the last thirty of which it may be renewed in. */
export function certificateWith(changes: Partial<StoredCertificate> = {}): StoredCertificate {
  return {
    serial: '40',
    issuer: NORTH_CA,
    binding: 'b1',
    fingerprint: 'ab'.repeat(32),
    der: new Uint8Array(),
    notBefore: day(-1),
    notAfter: day(89),
    revokedAt: null,
    onHold: false,
    ...changes,
  };
}

export function intentWith(changes: Partial<Intent> = {}): Intent {
  return {
    serial: '50',
    issuer: NORTH_CA,
    kind: 'tbs',
    toBeSigned: Uint8Array.of(1, 2),
    digest: 'ff',
    notBefore: day(1),
    notAfter: day(91),
    ...changes,
  };
}

export function lineageWith(changes: Partial<LineageKey> = {}): LineageKey {
  return {
    keyDigest: 'key-2',
    spki: Uint8Array.of(0x30, 0),
    maker: 'acme',
    udid: 'acme-1',
    binding: 'b1',
    request: Uint8Array.of(0x30, 1),
    serial: '41',
    state: 'pending',
    firstUse: false,
    at: day(0),
    ...changes,
  };
}

/** Puts the device on the maker's list. */
export function listed(
  into: Facts,
  device: TestDevice,
  changes: Partial<ListRow> = {},
  scope = REAL_SCOPE,
  of: { readonly org?: string; readonly signedBy?: string } = {},
) {
  const row = rowOf(device, changes);
  into.list.push({ scope, row, ...of });
  return row;
}

export function ruledBy(into: Facts, policy: Policy, domain: string | null = null, org = NORTH): void {
  into.policies.push({ org, domain, policy });
}

/** Revokes a device by its UDID, or by its key. */
export async function bury(into: Facts, { udid, spki }: { udid?: string; spki?: Uint8Array }): Promise<void> {
  const [name, key] = await tombstoneDigests(udid ?? '', spki ?? new Uint8Array(), nodeCrypto);
  if (udid !== undefined && name !== undefined) into.tombstones.add(name);
  if (spki !== undefined && key !== undefined) into.tombstones.add(key);
}
