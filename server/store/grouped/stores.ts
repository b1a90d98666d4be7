import { sql } from 'kysely';
import type { Quotas } from '../../ports/bindings.ts';
import type { GroupStores } from '../../ports/group-stores.ts';
import { speaking } from '../../ports/maker-list.ts';
import { fromBinding } from '../bindings.ts';
import { fromIntent } from '../certificates.ts';
import type { Db } from '../db.ts';
import { recordClaims } from '../decision-queue.ts';
import type { Engine, Locking } from '../engine.ts';
import { livePlaces } from '../live-bindings.ts';
import type { OwnChain } from '../own-chain.ts';
import { fromRecord } from '../records.ts';
import { storesOver } from '../stores.ts';
import { askOnce } from './ask-together.ts';
import { chainView } from './chain-view.ts';
import { lateCertificates } from './late-certificates.ts';
import { lateChanges } from './late-changes.ts';
import { lateWrites, type UpdateShape } from './late-writes.ts';
import { lookUps } from './look-ups.ts';

const BEGUN: UpdateShape = {
  table: 'records',
  key: 'id',
  columns: ['binding', 'outcome', 'code', 'approved_by'],
};
const SETTLED: UpdateShape = {
  table: 'records',
  key: 'id',
  columns: ['outcome', 'code', 'decided_at', 'binding'],
};
const STATE: UpdateShape = { table: 'bindings', key: 'id', columns: ['state'] };

/**
 * The stores of a group (ports/group-stores.ts). Writes are collected and written at the end; reads of the same kind
 * are batched. Each method is named here, so that a method added elsewhere cannot bypass the late writes.
 */
export function groupedStores(
  db: Db,
  chain: OwnChain,
  { bulk, locking }: Pick<Engine, 'bulk' | 'locking'>,
): { stores: GroupStores; flush(): Promise<void> } {
  const direct = storesOver(db, bulk);
  const late = lateWrites(db, bulk);
  const changes = lateChanges(db, bulk, locking);
  const ask = lookUps(db, bulk);
  const issued = lateCertificates(db, bulk);
  const anyWaits = askOnce(() => direct.found.anyWaits());

  /** Whose a binding is: whoever changes one has read it before. */
  const orgOf = new Map<string, string>();
  function feedBinding(id: string): void {
    const org = orgOf.get(id);
    if (org !== undefined) changes.feed('binding', id, org);
  }

  const stores: GroupStores = {
    orgs: { org: askOnce(direct.orgs.org) },
    people: { memberships: askOnce(direct.people.memberships) },
    operatorKeys: {
      key: askOnce(direct.operatorKeys.key),
      credentials: askOnce(direct.operatorKeys.credentials),
    },
    domains: {
      domain: askOnce(direct.domains.domain),
      site: direct.domains.site,
      countSites: direct.domains.countSites,
    },
    policies: { ofOrg: askOnce(direct.policies.ofOrg) },
    quotas: groupQuotas(db, locking),
    statements: {
      issuedAt: ask.statedAt,
      async log(digest, typ, at) {
        late.insert('statements', { digest, typ, at });
      },
    },
    list: {
      async row(scope, maker, udid, org) {
        const rows = (await ask.listIn(scope).udid(udid)) ?? [];
        return speaking(
          rows.filter(({ row }) => row.maker === maker),
          org,
        )?.row;
      },
      ofUdid: async (scope, udid) => (await ask.listIn(scope).udid(udid)) ?? [],
      ofKey: async (scope, key) =>
        ((await ask.listIn(scope).key(key)) ?? []).filter(({ row }) => row.anchor === 'key'),
      byUdid: async (scope, udid) =>
        ((await ask.listIn(scope).udid(udid)) ?? []).slice(0, 8).map(({ row }) => row),
      byKey: async (scope, key) =>
        ((await ask.listIn(scope).key(key)) ?? []).slice(0, 8).map(({ row }) => row),
    },
    tpms: { hasKey: direct.tpms.hasKey },
    lineage: {
      byKey: ask.lineage,
      ofDevice: direct.lineage.ofDevice,
      pendingOf: direct.lineage.pendingOf,
    },
    tombstones: {
      anyLive: async (digests) => (await Promise.all(digests.map(ask.buried))).includes(true),
    },
    envelopes: chainView(db, late, { bulk, locking }),
    heads: { report: direct.heads.report },
    records: {
      record: ask.record,
      async add(record) {
        late.insert('records', fromRecord(record));
      },
      async attach(id, binding, approvedBy) {
        late.set(BEGUN, id, [binding, null, null, approvedBy]);
      },
      async settle(id, { outcome, code, decidedAt, binding }) {
        if (binding !== null) feedBinding(binding);
        late.set(SETTLED, id, [outcome, code, decidedAt, binding]);
      },
    },
    queue: recordClaims(db, bulk, locking),
    changes: {
      lastOf: direct.changes.lastOf,
      async append(org, change, wasBound, instead) {
        // A registration that binds at once is no record that waits, so phones hear of its binding alone.
        if (change.outcome === 'held' || change.outcome === 'refused')
          changes.feed('record', change.record, org);
        await changes.append(org, change, wasBound, instead);
      },
    },
    bindings: {
      async binding(id) {
        const found = await ask.binding(id);
        if (found !== undefined) orgOf.set(id, found.org);
        return found;
      },
      async open(binding) {
        changes.feed('binding', binding.id, binding.org);
        late.insert('bindings', fromBinding(binding));
      },
      async setState(id, state) {
        late.set(STATE, id, [state]);
        feedBinding(id);
      },
    },
    liveBindings: {
      byKey: async (keyDigest) => (await ask.liveByKey(keyDigest))?.[0],
      byName: async (maker, udid) => (await ask.liveByName(udid))?.find((binding) => binding.maker === maker),
      named: async (maker, udid) =>
        ((await ask.liveByName(udid)) ?? []).filter((binding) => binding.maker === maker),
    },
    intents: {
      ofBinding: direct.intents.ofBinding,
      async intend(intent, binding) {
        late.insert('intents', fromIntent(intent, binding));
      },
    },
    certificates: {
      ofBinding: direct.certificates.ofBinding,
      byFingerprint: direct.certificates.byFingerprint,
      issue: issued.issue,
    },
    eras: {
      current: direct.eras.current,
      lostBy: direct.eras.lostBy,
      unconfirmed: askOnce(direct.eras.unconfirmed),
    },
    found: { anyWaits: () => anyWaits(''), ofDevice: direct.found.ofDevice },
    life: { suspension: direct.life.suspension, succession: direct.life.succession },
    places: { ofRegistration: async (registration) => (await ask.places(registration)) ?? [] },
    handed: {
      isHanded: direct.handed.isHanded,
      async hand({ serial, binding }, how, at) {
        late.insert('handed', { serial, how, at });
        // A renewed certificate changes no state of its binding when it is written: it waits no more, and only this says so.
        feedBinding(binding);
      },
    },
    transfers: { openCase: direct.transfers.openCase },
    rowClaims: { open: direct.rowClaims.open },
    audit: { append: chain.append },
  };
  return {
    stores,
    async flush() {
      await late.flush();
      await issued.flush();
      await changes.flush();
      await chain.flush();
    },
  };
}

/** One group at a time counts against a quota: it locks the rows of the policies that set it. */
function groupQuotas(db: Db, { wait }: Locking): Quotas {
  const counts = new Map<string, number>();
  const lock = askOnce(async (org) => {
    if (wait !== '')
      await sql`select domain from policies where org = ${org} order by domain ${sql.raw(wait)}`.execute(db);
  });
  return {
    async takePlace(org, domain, quota) {
      const place = JSON.stringify([org, domain]);
      const before = counts.get(place) ?? 0;
      counts.set(place, before + 1);
      await lock(org);
      return (await livePlaces(db, org, domain, quota)) + before < quota;
    },
  };
}
