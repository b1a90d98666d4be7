import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { Binding, BindingState, Bindings } from '../ports/bindings.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';
import { PENDING } from './key-lineage.ts';
import type { Tables } from './tables.ts';

export function toBinding(row: Tables['bindings']): Binding {
  const { id, scope, org, site, maker, registration } = row;
  return {
    id,
    scope,
    org,
    // Domain and UDID were parsed before they were written.
    domain: row.domain as DomainName,
    udid: row.udid as Udid,
    site,
    maker,
    registration,
    keyDigest: row.key_digest,
    state: row.state as BindingState,
    unproven: row.unproven === 1,
    firstUse: row.first_use === 1,
    boundAt: row.bound_at,
    endedAt: row.ended_at,
    ...(row.apart === '' ? {} : { apart: true }),
  };
}

export function fromBinding(binding: Binding): Tables['bindings'] {
  const { keyDigest, unproven, firstUse, boundAt, endedAt, apart = false, ...rest } = binding;
  return {
    ...rest,
    apart: apart ? binding.org : '',
    key_digest: keyDigest,
    unproven: unproven ? 1 : 0,
    first_use: firstUse ? 1 : 0,
    bound_at: boundAt,
    ended_at: endedAt,
  };
}

export function bindings(db: Db): Bindings {
  const select = db.selectFrom('bindings').selectAll();
  /** Every change of a binding goes through here, so that phones are told. */
  async function change(id: string, values: Partial<Omit<Tables['bindings'], 'id' | 'org'>>): Promise<void> {
    await db.updateTable('bindings').set(values).where('id', '=', id).execute();
    await feedBinding(db, id);
  }
  return {
    async binding(id) {
      const row = await select.where('id', '=', id).executeTakeFirst();
      return row && toBinding(row);
    },
    async open(binding) {
      await db.insertInto('bindings').values(fromBinding(binding)).execute();
      await feedBinding(db, binding.id);
    },
    setState: (id, state) => change(id, { state }),
    rekey: (id, keyDigest) => change(id, { key_digest: keyDigest }),
    prove: (id) => change(id, { unproven: 0 }),
    setSite: (id, site) => change(id, { site }),
    move: (id, { domain, site, state }) => change(id, { domain, site, state }),
    async end(id, at) {
      await db
        .updateTable('bindings')
        .set({ state: 'revoked', ended_at: at })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute();
      await db
        .updateTable('lineage')
        .set({ state: 'dropped', at })
        .where('binding', '=', id)
        .where('state', '=', PENDING)
        .execute();
      await feedBinding(db, id);
    },
  };
}
