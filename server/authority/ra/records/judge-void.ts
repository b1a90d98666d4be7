import type { Role } from '../../../../contract/operator.ts';
import { parse } from '../../../../contract/parse.ts';
import { DESK } from '../../../../contract/roles.ts';
import { Void } from '../../../../contract/void.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { isKept } from '../binding/good-certificates.ts';
import { type Ruling, refused } from '../binding/ruling.ts';
import { backFrom } from '../binding/stand-back.ts';

const DECIDES: ReadonlySet<Role> = new Set<Role>(DESK);

/**
 * The author of a registration takes it back, or its organisation's desk does. That is too late once the device has a certificate
 * of it: a phone wrote it, the device took it over EST, or has used it.
 */
export async function judgeVoid(
  record: StoredRecord,
  stores: Reads<
    'records' | 'bindings' | 'people' | 'certificates' | 'handed' | 'places' | 'changes' | 'life'
  >,
): Promise<Ruling> {
  const payload = parse(Void, record.payload);
  if (payload === undefined) throw new Error('a kept void no longer fits its schema');
  const about = { udid: payload.udid };
  const voided = await stores.records.record(payload.of);
  if (
    voided?.header.typ !== 'registration+jws' ||
    voided.header.org !== record.header.org ||
    voided.udid !== payload.udid
  ) {
    return refused('registration_unknown', about);
  }
  const memberships = await stores.people.memberships(record.author);
  const isDesk = memberships.some(({ org, role }) => org === record.header.org && DECIDES.has(role));
  if (voided.author !== record.author && !isDesk) return refused('registration_unknown', about);
  switch (voided.outcome) {
    case null:
      throw new Error('the voided registration is not decided yet');
    case 'held':
      return { outcome: 'noted', about, effect: { kind: 'withdraw', record: voided.id } };
    case 'refused':
    case 'noted':
      return refused('already_decided', about);
    case 'bound': {
      const binding = voided.binding === null ? undefined : await stores.bindings.binding(voided.binding);
      const [last] = binding === undefined ? [] : await stores.places.ofRegistration(binding.registration);
      if (
        binding !== undefined &&
        binding.registration !== voided.id &&
        last?.standsBy === voided.id &&
        binding.endedAt === null
      )
        return judgeUnmove(record, voided.id, binding, stores);
      // Another registration made this binding, and the voided one only found it.
      const own = binding?.registration === voided.id && (last?.standsBy ?? voided.id) === voided.id;
      if (binding === undefined || !own || binding.endedAt !== null) return refused('already_decided', about);
      const certificates = await stores.certificates.ofBinding(binding.id);
      const handed = await Promise.all(certificates.map(({ serial }) => stores.handed.isHanded(serial)));
      if (binding.state !== 'issued' || handed.includes(true)) return refused('undo_too_late', about);
      // Another device ended for it: undone, nothing would be left there.
      if ((await stores.life.succession(binding.id)) !== undefined) return refused('undo_replaced', about);
      const known = { ...about, maker: binding.maker, domain: binding.domain };
      return {
        outcome: 'noted',
        about: known,
        effect: { kind: 'end', binding: binding.id, reason: 'cessationOfOperation' },
      };
    }
  }
}

/** A move is taken back: the device stands where it stood before, by the certificate that it has. */
async function judgeUnmove(
  record: StoredRecord,
  move: string,
  binding: Binding,
  {
    places,
    certificates,
    handed,
    changes,
    life,
  }: Reads<'places' | 'certificates' | 'handed' | 'changes' | 'life'>,
): Promise<Ruling> {
  const { id, maker, udid, domain, state, registration, unproven } = binding;
  const about = { maker, udid, domain };
  const all = await places.ofRegistration(registration);
  const moved = all.find((one) => one.record === move);
  const [last] = all;
  if (moved === undefined) return refused('already_decided', about);
  const own = await certificates.ofBinding(id);
  // The move's own certificate is the one that it was answered with: later moves that were taken back left theirs after it. Those
  // that followed it end too: a renewal of what the device has is no sign that it has nothing.
  const answer = await changes.lastOf(record.header.org, move);
  const since = own.slice(0, own.findIndex(({ fingerprint }) => fingerprint === answer?.fingerprint) + 1);
  if (since.length === 0) return refused('undo_too_late', about);
  const given = await Promise.all(since.map(({ serial }) => handed.isHanded(serial)));
  if (state !== 'issued' || given.includes(true)) return refused('undo_too_late', about);
  const replaced = await life.succession(id);
  if (replaced !== undefined && replaced.at >= moved.at) return refused('undo_replaced', about);
  const has = own.slice(since.length).find(isKept);
  const position = last?.position ?? null;
  const who = { record: record.id, by: record.author };
  return {
    outcome: 'noted',
    about,
    effect: {
      kind: 'unmove',
      serials: since.map(({ serial }) => serial),
      device: { maker, udid, unproven },
      fingerprint: has?.fingerprint ?? null,
      ...(await backFrom(moved, { binding, position, has }, who, { handed })),
    },
  };
}
