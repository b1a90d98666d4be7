import { sql } from 'kysely';
import type { Stores } from '../../ports/stores.ts';
import { auditLog } from '../audit-log.ts';
import { fromBinding } from '../bindings.ts';
import { fromIntent } from '../certificates.ts';
import type { Db } from '../db.ts';
import type { Engine, Locking } from '../engine.ts';
import type { OwnChain } from '../own-chain.ts';
import { fromRecord, toProgress } from '../records.ts';
import { storesOver } from '../stores.ts';
import { askOnce } from './ask-together.ts';
import { chainView } from './chain-view.ts';
import { lateCertificates } from './late-certificates.ts';
import { lateChanges } from './late-changes.ts';
import { type Kind, lateWrites } from './late-writes.ts';
import { lookUps } from './look-ups.ts';

const BEGUN: Kind = { table: 'records', key: 'id', columns: ['binding', 'outcome', 'code', 'approved_by'] };
const SETTLED: Kind = { table: 'records', key: 'id', columns: ['outcome', 'code', 'decided_at', 'binding'] };
const STATE: Kind = { table: 'bindings', key: 'id', columns: ['state'] };

/**
 * Stores for many records in one transaction. What is written for each record is kept and written at the end; reads of
 * the same kind go out together. A record's own rows must not be read again after they were written.
 */
export function groupedStores(
  db: Db,
  chain: OwnChain,
  { many, locking }: Pick<Engine, 'many' | 'locking'>,
): { stores: Stores; flush(): Promise<void> } {
  const direct = storesOver(db, many);
  const late = lateWrites(db, many);
  const changes = lateChanges(db, many, locking);
  const ask = lookUps(db, many);
  const quotas = askOnce((org) => lockPolicies(db, org, locking));
  const issued = lateCertificates(db, many);
  const places = new Map<string, number>();

  const stores: Stores = {
    ...direct,
    orgs: { ...direct.orgs, org: askOnce(direct.orgs.org) },
    people: { ...direct.people, memberships: askOnce(direct.people.memberships) },
    operatorKeys: {
      ...direct.operatorKeys,
      key: askOnce(direct.operatorKeys.key),
      credentials: askOnce(direct.operatorKeys.credentials),
    },
    domains: { ...direct.domains, domain: askOnce(direct.domains.domain) },
    policies: { ...direct.policies, ofOrg: askOnce(direct.policies.ofOrg) },
    statements: {
      ...direct.statements,
      issuedAt: ask.statedAt,
      async log(digest, typ, at) {
        late.insert('statements', { digest, typ, at });
      },
    },
    list: {
      ...direct.list,
      async row(scope, maker, udid) {
        return (await ask.listIn(scope).udid(udid))?.find((row) => row.maker === maker);
      },
      byUdid: async (scope, udid) => ((await ask.listIn(scope).udid(udid)) ?? []).slice(0, 8),
      byKey: async (scope, key) => ((await ask.listIn(scope).key(key)) ?? []).slice(0, 8),
    },
    lineage: { ...direct.lineage, byKey: ask.lineage },
    tombstones: {
      ...direct.tombstones,
      anyLive: async (digests) => (await Promise.all(digests.map(ask.buried))).includes(true),
    },
    envelopes: chainView(db, late, { many, locking }),
    records: {
      ...direct.records,
      record: ask.record,
      async claim(ids) {
        const where = 'outcome is null and binding is null';
        const tail = `order by id ${locking.skip}`;
        const open = await many.select(
          db,
          { table: 'records', columns: ['id'], key: 'id', where, tail },
          ids,
        );
        return open.map(({ id }) => id);
      },
      async lock(ids) {
        const columns = ['id', 'outcome', 'binding', 'approved_by'] as const;
        const tail = `order by id ${locking.wait}`;
        return (await many.select(db, { table: 'records', columns, key: 'id', tail }, ids)).map(toProgress);
      },
      async add(record) {
        late.insert('records', fromRecord(record));
      },
      async attach(id, binding, approvedBy) {
        late.set(BEGUN, id, [binding, null, null, approvedBy]);
      },
      async settle(id, { outcome, code, decidedAt, binding }) {
        late.set(SETTLED, id, [outcome, code, decidedAt, binding]);
      },
    },
    changes: { ...direct.changes, append: changes.append, tell: changes.tell },
    bindings: {
      ...direct.bindings,
      async placesTaken(org, domain, most) {
        const name = `${org} ${domain}`;
        const before = places.get(name) ?? 0;
        places.set(name, before + 1);
        await quotas(org);
        return (await direct.bindings.placesTaken(org, domain, most)) + before;
      },
      binding: ask.binding,
      async liveConflicts(keyDigest, maker, udid) {
        const [byKey, byName] = await Promise.all([ask.liveByKey(keyDigest), ask.liveByName(udid)]);
        const found = [...(byKey ?? []), ...(byName ?? []).filter((binding) => binding.maker === maker)];
        return [...new Map(found.map((binding) => [binding.id, binding])).values()];
      },
      async open(binding) {
        late.insert('bindings', fromBinding(binding));
      },
      async setState(id, state) {
        late.set(STATE, id, [state]);
      },
    },
    intents: {
      ...direct.intents,
      async intend(intent, binding) {
        late.insert('intents', fromIntent(intent, binding));
      },
    },
    certificates: {
      ...direct.certificates,
      issue: issued.issue,
    },
    audit: auditLog(db, chain.append),
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

/** A quota is counted by one at a time: whoever counts holds the policies that set it. */
async function lockPolicies(db: Db, org: string, { wait }: Locking): Promise<void> {
  if (wait !== '')
    await sql`select domain from policies where org = ${org} order by domain ${sql.raw(wait)}`.execute(db);
}
