import type { AuditFacts } from '../../server/ports/audit-log.ts';
import type { CertificateAuthority, Intent, Issuer } from '../../server/ports/certificate-authority.ts';
import type { RevocationLists } from '../../server/ports/crls.ts';
import type { Succession, Suspension } from '../../server/ports/device-life.ts';
import type { DeviceEvent } from '../../server/ports/events.ts';
import type { GroupStores, InGroup } from '../../server/ports/group-stores.ts';
import type { IssuerName } from '../../server/ports/issuer-name.ts';
import type { RowClaim } from '../../server/ports/row-claims.ts';
import type { Stores, Transact } from '../../server/ports/stores.ts';
import type { GiveUpOffer, TransferCase } from '../../server/ports/transfer-cases.ts';
import { groupBy } from '../../server/store/grouped/group-by.ts';
import { type Facts, facts, intentWith, judgeReads, NORTH } from './judge-reads.ts';

/** What the registration authority writes, in memory, with the order in which it does. */
export interface Ledger extends Facts {
  readonly transfers: (TransferCase & { verdict?: string })[];
  readonly offers: GiveUpOffer[];
  readonly rowClaims: RowClaim[];
  readonly suspensions: Suspension[];
  readonly successions: Succession[];
  readonly told: { readonly org: string; readonly event: DeviceEvent }[];
  readonly trail: AuditFacts[];
  /** Each write as `store.method`, and what happens around a transaction: `commit`, `sign`, `publish`. */
  readonly wrote: string[];
}

export function ledger(): Ledger {
  const more = {
    transfers: [],
    offers: [],
    rowClaims: [],
    suspensions: [],
    successions: [],
    told: [],
    trail: [],
  };
  return { ...facts(), ...more, wrote: [] };
}

function change<T>(rows: T[], is: (row: T) => boolean, changes: Partial<T>): void {
  for (const [index, row] of rows.entries()) if (is(row)) rows[index] = { ...row, ...changes };
}

function drop<T>(rows: T[], is: (row: T) => boolean): void {
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index];
    if (row !== undefined && is(row)) rows.splice(index, 1);
  }
}

type Some = { readonly [S in keyof Stores]?: Partial<Stores[S]> };

/** Reads that the rules need beyond JudgeReads. */
function moreReads(there: Ledger): Some {
  return {
    orgs: { orgs: async () => there.orgs },
    bindingHistory: { ofUdid: async (udid) => there.bindings.filter((one) => one.udid === udid) },
    found: { ofUdid: async (udid) => there.found.filter((one) => one.udid === udid) },
    transfers: {
      open: async (id) => {
        const found = there.transfers.find((one) => one.id === id && one.verdict === undefined);
        const isLive = there.bindings.some((one) => one.id === found?.binding && one.endedAt === null);
        return isLive ? found : undefined;
      },
    },
    rowClaims: {
      ofRecord: async (record) => there.rowClaims.find((one) => one.record === record),
      on: async ({ udid }) => there.rowClaims.filter((one) => one.udid === udid),
    },
    offers: {
      inCase: async ({ id, binding }) =>
        there.offers.filter((one) => one.binding === binding && (one.transfer ?? id) === id),
    },
    life: {
      suspension: async (binding) => there.suspensions.find((one) => one.binding === binding),
      succession: async (binding) => there.successions.find((one) => one.binding === binding),
    },
    domains: { ofOrg: async (org) => there.domains.filter((one) => one.org === org) },
    deviceFeed: {
      facts: async (org, entries) => {
        const bindings = there.bindings.filter((one) => one.org === org);
        const by = <Row, Value>(
          rows: readonly Row[],
          key: (row: Row) => string,
          value: (row: Row) => Value,
        ) => new Map(rows.map((row) => [key(row), value(row)]));
        const ids = new Set(entries.map(({ id }) => id));
        const successions = there.successions.filter(({ binding }) => ids.has(binding));
        return {
          bindings,
          records: by(
            there.records,
            ({ id }) => id,
            (record) => record,
          ),
          certificates: groupBy(there.certificates, ({ binding }) => binding),
          handed: there.handed,
          pending: new Set(
            there.lineage.flatMap(({ state, serial }) => (state === 'pending' && serial) || []),
          ),
          suspensions: by(
            there.suspensions,
            ({ binding }) => binding,
            (one) => one,
          ),
          successions: by(
            successions,
            ({ binding }) => binding,
            ({ position }) => position,
          ),
          replaced: by(
            successions,
            ({ binding }) => binding,
            ({ predecessor }) => there.bindings.find(({ id }) => id === predecessor)?.udid ?? '',
          ),
          places: groupBy([...there.places].reverse(), ({ registration }) => registration),
          changes: by(
            there.changes,
            ({ change: { record } }) => record,
            (one) => one.change,
          ),
          members: new Set(there.memberships.map(({ operator }) => operator)),
          people: new Map(),
          rows: new Map(),
          siteTitles: new Map(),
        };
      },
    },
    intents: { unfinished: async () => there.intents },
    queue: {
      claim: async (ids) =>
        ids.filter((id) =>
          there.records.some((one) => one.id === id && one.outcome === null && one.binding === null),
        ),
      lock: async (ids) => there.records.filter(({ id }) => ids.includes(id)),
    },
  };
}

function writes(there: Ledger): Some {
  /** Revokes those certificates, and gives the issuing CAs of them. */
  const ended = (
    is: (row: Ledger['certificates'][number]) => boolean,
    changes: object,
  ): readonly IssuerName[] => {
    const issuers = new Set(there.certificates.filter(is).map(({ issuer }) => issuer));
    change(there.certificates, is, changes);
    return [...issuers];
  };
  const isById = (id: string) => (row: { readonly id: string }) => row.id === id;
  return {
    bindings: {
      open: async (binding) => void there.bindings.push(binding),
      setState: async (id, state) => change(there.bindings, isById(id), { state }),
      setSite: async (id, site) => change(there.bindings, isById(id), { site }),
      rekey: async (id, keyDigest) => change(there.bindings, isById(id), { keyDigest }),
      prove: async (id) => change(there.bindings, isById(id), { unproven: false }),
      end: async (id, at) => {
        change(there.bindings, isById(id), { endedAt: at, state: 'revoked' });
        const isWaiting = (one: Ledger['lineage'][number]) => one.binding === id && one.state === 'pending';
        change(there.lineage, isWaiting, { state: 'dropped', at });
      },
    },
    intents: {
      intend: async (intent, binding) => void there.intents.push({ intent, binding }),
      abandon: async (serial) => drop(there.intents, ({ intent }) => intent.serial === serial),
    },
    certificates: {
      issue: async (serial, { der, fingerprint }) => {
        const found = there.intents.find(({ intent }) => intent.serial === serial);
        if (found === undefined) throw new Error('no intent');
        const { issuer, notBefore, notAfter } = found.intent;
        const { binding } = found;
        const certificate = { serial, issuer, binding, fingerprint, der, notBefore, notAfter };
        there.certificates.push({ ...certificate, revokedAt: null, onHold: false });
        drop(there.intents, ({ intent }) => intent.serial === serial);
      },
    },
    revocations: {
      revokeAll: async (binding, at) =>
        ended((one) => one.binding === binding && (one.revokedAt === null || one.onHold), {
          revokedAt: at,
          onHold: false,
        }),
      revoke: async (serial, at) =>
        ended((one) => one.serial === serial && one.revokedAt === null, { revokedAt: at }),
      hold: async (binding, at) =>
        ended((one) => one.binding === binding && one.revokedAt === null, { revokedAt: at, onHold: true }),
      release: async (binding) =>
        ended((one) => one.binding === binding && one.onHold, { revokedAt: null, onHold: false }),
    },
    records: {
      attach: async (id, binding, approvedBy) =>
        change(there.records, isById(id), {
          binding,
          approvedBy,
          outcome: null,
          code: null,
          decidedAt: null,
        }),
      settle: async (id, settlement) => change(there.records, isById(id), settlement),
      reopen: async (id) =>
        change(there.records, isById(id), {
          outcome: null,
          code: null,
          decidedAt: null,
          binding: null,
          approvedBy: null,
        }),
    },
    lineage: {
      put: async (key) => {
        drop(there.lineage, ({ keyDigest }) => keyDigest === key.keyDigest);
        there.lineage.push(key);
      },
    },
    tombstones: {
      bury: async ({ digest }) => void there.tombstones.add(digest),
      neverBuried: async (digests) => digests.filter((digest) => !there.tombstones.has(digest)),
      lift: async (digests) => digests.filter((digest) => there.tombstones.delete(digest)).length,
    },
    rowClaims: {
      open: async (claim) => {
        drop(there.rowClaims, ({ record }) => record === claim.record);
        there.rowClaims.push(claim);
      },
    },
    list: {
      move: async (_scope, { udid }, from, to) =>
        change(there.list, (one) => one.row.udid === udid && (one.org ?? NORTH) === from, { org: to }),
    },
    transfers: {
      openCase: async (transfer) => void there.transfers.push(transfer),
      decide: async (id, verdict) => change(there.transfers, isById(id), { verdict }),
    },
    offers: {
      offer: async (giveUp) => void there.offers.push(giveUp),
      withdraw: async ({ id, binding }) =>
        drop(there.offers, (one) => one.binding === binding && (one.transfer ?? id) === id),
    },
    life: {
      suspend: async (suspension) => {
        drop(there.suspensions, ({ binding }) => binding === suspension.binding);
        there.suspensions.push(suspension);
      },
      resume: async (binding) => drop(there.suspensions, (one) => one.binding === binding),
      succeed: async (succession) => void there.successions.push(succession),
    },
    changes: {
      append: async (org, one, wasBound = false, instead) => {
        there.changes.push({ org, change: one, wasBound });
        if (instead !== undefined) there.told.push({ org, event: instead });
      },
      tell: async (org, event) => void there.told.push({ org, event }),
    },
    found: {
      keep: async (found) => {
        drop(there.found, ({ serial }) => serial === found.serial);
        there.found.push(found);
      },
      adopt: async (found, binding) => {
        drop(there.found, ({ serial }) => serial === found.serial);
        const { serial, issuer, fingerprint, der, notBefore, notAfter, revoked } = found;
        const onHold = revoked?.reason === 'certificateHold';
        const rest = { binding, revokedAt: revoked?.at ?? null, onHold };
        there.certificates.push({ serial, issuer, fingerprint, der, notBefore, notAfter, ...rest });
      },
    },
    handed: { hand: async ({ serial }) => void there.handed.add(serial) },
    audit: { append: async (entry) => void there.trail.push(entry) },
  };
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;
type Methods = Readonly<Record<string, Readonly<Record<string, Method>> | undefined>>;

/** All of these stores. A method that is not here, or not allowed, throws with its name. */
function over(there: Ledger, mayUse: (store: string, method: string) => boolean): object {
  const reads = [moreReads(there), judgeReads(there)] as unknown as readonly Methods[];
  const written = writes(there) as unknown as Methods;
  const storeOf = (store: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => {
          if (!mayUse(store, method)) throw new Error(`a group has no ${store}.${method}`);
          const write = written[store]?.[method];
          if (write !== undefined)
            return (...args: readonly unknown[]) => {
              there.wrote.push(`${store}.${method}`);
              return write(...args);
            };
          const read = reads.map((some) => some[store]?.[method]).find((one) => one !== undefined);
          if (read === undefined) throw new Error(`there is no ${store}.${method} in memory`);
          return read;
        },
      },
    );
  return new Proxy({}, { get: (_, store: string) => storeOf(store) });
}

export function ruleStores(there: Ledger): Stores {
  return over(there, () => true) as Stores;
}

/** What a group of registrations has, method by method; the compiler hasKey it to the port. */
const GROUP = {
  orgs: ['org'],
  people: ['memberships'],
  operatorKeys: ['key', 'credentials'],
  domains: ['domain', 'site', 'countSites'],
  policies: ['ofOrg'],
  quotas: ['takePlace'],
  statements: ['issuedAt', 'log'],
  list: ['row', 'ofUdid', 'ofKey', 'byUdid', 'byKey'],
  tpms: ['hasKey'],
  tombstones: ['anyLive'],
  envelopes: ['inChain', 'prefetch', 'byDigest', 'receivedId', 'keep', 'answerAnew'],
  heads: ['report'],
  records: ['record', 'add', 'attach', 'settle'],
  queue: ['claim', 'lock'],
  changes: ['append', 'lastOf'],
  bindings: ['binding', 'open', 'setState'],
  liveBindings: ['byKey', 'byName', 'named'],
  certificates: ['ofBinding', 'byFingerprint', 'issue'],
  lineage: ['byKey', 'ofDevice', 'pendingOf'],
  intents: ['ofBinding', 'intend'],
  life: ['suspension', 'succession'],
  places: ['ofRegistration'],
  handed: ['isHanded', 'hand'],
  transfers: ['openCase'],
  eras: ['current', 'lostBy', 'unconfirmed'],
  found: ['anyWaits', 'ofDevice'],
  rowClaims: ['open'],
  audit: ['append'],
} satisfies { readonly [S in keyof GroupStores]: readonly (keyof GroupStores[S])[] };

export function groupStores(there: Ledger): GroupStores {
  const allowed: Readonly<Record<string, readonly string[] | undefined>> = GROUP;
  return over(there, (store, method) => allowed[store]?.includes(method) === true) as GroupStores;
}

/** One transaction after another over the same rows. Nothing is taken back where one fails: no test relies on that. */
export function transactOver(there: Ledger): Transact<keyof Stores> {
  return async (work) => {
    const result = await work(ruleStores(there));
    there.wrote.push('commit');
    return result;
  };
}

export function inGroupOver(there: Ledger): InGroup {
  return async (work) => {
    const result = await work(groupStores(there));
    there.wrote.push('commit');
    return result;
  };
}

/** Notes which CRLs are signed anew, and when. */
export function listsOver(there: Ledger): RevocationLists {
  return {
    current: async () => undefined,
    ofOrg: async () => [],
    publish: async (issuers) => {
      if (issuers.length > 0) there.wrote.push(`publish ${issuers.join(' ')}`);
      return issuers.map((issuer) => ({ issuer, number: 1 }));
    },
  };
}

/** An issuing CA for each name that is asked for. It signs nothing: what it certifies is of no concern to the rules. */
export function caOver(there: Ledger, ...missing: readonly string[]): CertificateAuthority {
  let serial = 0x50;
  const issuer = async (name: string) => {
    if (missing.includes(name)) return undefined;
    const some: Pick<Issuer, 'name' | 'org' | 'prepare' | 'sign'> = {
      name: name as IssuerName,
      org: name.replace(/_\d+$/, ''),
      prepare: () => intentWith({ serial: (serial++).toString(16), issuer: name as IssuerName }),
      sign: async (intent: Intent) => {
        there.wrote.push(`sign ${intent.serial} by ${name}`);
        return { der: Uint8Array.of(0x30, 0), fingerprint: `of ${intent.serial}` };
      },
    };
    return some as Issuer;
  };
  return { issuer, issuerNamed: issuer, bundle: async () => [] };
}
