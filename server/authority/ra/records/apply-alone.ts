import { toInstant } from '../../../../core/instant.ts';
import { uuid7 } from '../../../../core/uuid7.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Intent } from '../../../ports/certificate-authority.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { PlaceChange } from '../../../ports/places.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { endBinding } from '../binding/end-binding.ts';
import { dropKey } from '../binding/next-key.ts';
import {
  type BindRuling,
  type Effect,
  isOwn,
  isOwnEffect,
  type MoveRuling,
  type OwnEffect,
  type RenewRuling,
  type Ruling,
} from '../binding/ruling.ts';
import { settle } from '../binding/settle.ts';
import { standBack, standBackFromHeld } from '../binding/stand-back.ts';
import { takeOver } from '../binding/take-over.ts';
import { type ApplyContext, applyOwn, attach, orderOf } from './apply-own.ts';

export type AloneStores = Needs<
  | 'records'
  | 'changes'
  | 'audit'
  | 'bindings'
  | 'intents'
  | 'certificates'
  | 'revocations'
  | 'lineage'
  | 'transfers'
  | 'found'
  | 'rowClaims'
  | 'places'
  | 'domains'
  | 'handed'
  | 'life'
>;

/** What applying a ruling leaves to be done: an intent to be signed, and the issuing CAs whose CRL must be signed anew. */
export interface ApplyResult {
  readonly intent: Intent | undefined;
  readonly issuers: readonly IssuerName[];
}

/**
 * Applies any ruling, in a transaction that no other decision shares. First it ends what belongs to others (practice
 * bindings, a pending key, a registration that is taken back), then it applies what is the record's own.
 */
export async function applyAlone(
  record: StoredRecord,
  ruling: Ruling,
  context: ApplyContext<AloneStores>,
): Promise<ApplyResult> {
  if (isOwn(ruling)) return { intent: await applyOwn(record, ruling, context), issuers: [] };
  const issuers: IssuerName[] = [];
  switch (ruling.outcome) {
    case 'same': {
      const { place, replaces, ...same } = ruling;
      if (place !== undefined) await correct(record, place, context);
      const intent = await applyOwn(record, same, context);
      issuers.push(...(await replace(record, replaces, context)));
      return { intent, issuers };
    }
    case 'renew': {
      if (ruling.place !== undefined) await correct(record, ruling.place, context);
      if (ruling.drops !== undefined) issuers.push(...(await giveUp(ruling.drops, context)));
      const intent = await renew(record, ruling, context);
      issuers.push(...(await replace(record, ruling.replaces, context)));
      return { intent, issuers };
    }
    case 'move': {
      if (ruling.drops !== undefined) issuers.push(...(await giveUp(ruling.drops, context)));
      const intent = await move(record, ruling, context);
      issuers.push(...(await replace(record, ruling.replaces, context)));
      return { intent, issuers };
    }
    case 'bind': {
      for (const practice of ruling.displaces) issuers.push(...(await endPractice(practice, context)));
      if (ruling.drops !== undefined) issuers.push(...(await giveUp(ruling.drops, context)));
      const { adopts, replaces, ...fresh } = ruling;
      issuers.push(...(await endFound(ruling, context)));
      let intent: Intent | undefined;
      if (adopts === undefined) {
        const own = { ...fresh, displaces: [], drops: undefined, renamed: false } as const;
        intent = await applyOwn(record, own, context);
      } else await adopt(record, ruling, adopts, context);
      issuers.push(...(await replace(record, replaces, context)));
      return { intent, issuers };
    }
    case 'held':
    case 'refused':
    case 'noted': {
      const { effect, ...outcome } = ruling;
      if (effect !== undefined && !isOwnEffect(effect))
        issuers.push(...(await applyEffect(record, effect, context)));
      return { intent: await applyOwn(record, outcome, context), issuers };
    }
  }
}

/** Binds the device by the certificate that our CA signed for it before the database was put back to a copy. */
async function adopt(
  record: StoredRecord,
  { binding, about }: BindRuling,
  certificate: NonNullable<BindRuling['adopts']>,
  { stores, crypto, now, by }: ApplyContext<AloneStores>,
): Promise<void> {
  const at = toInstant(now);
  const id = uuid7(now, crypto);
  await stores.bindings.open({ ...binding, id, boundAt: at, state: 'issued' });
  await stores.found.adopt(certificate, id);
  const { serial, fingerprint } = certificate;
  const { unproven } = binding;
  const who = by === undefined ? {} : { by };
  await settle(record, { outcome: 'bound', about, at, binding: id, unproven, fingerprint, ...who }, stores);
  await audit(stores.audit, {
    at,
    step: STEPS.issue,
    event: 'bound by a certificate issued before',
    actor: by ?? 'rules',
    org: binding.org,
    subject: binding.udid,
    detail: `serial ${serial}, SHA-256 ${fingerprint}`,
  });
}

/** A person decided against what other certificates of this device say, so those end. */
async function endFound(
  { binding: { udid, keyDigest }, adopts }: BindRuling,
  { stores, now }: ApplyContext<AloneStores>,
): Promise<readonly IssuerName[]> {
  const others = (await stores.found.ofDevice(udid, keyDigest)).filter(
    ({ serial, revoked }) => revoked === null && serial !== adopts?.serial,
  );
  const revoked = { at: toInstant(now), reason: 'affiliationChanged' } as const;
  for (const one of others) await stores.found.keep({ ...one, revoked });
  return others.map(({ issuer }) => issuer);
}

async function renew(
  record: StoredRecord,
  ruling: RenewRuling,
  context: ApplyContext<AloneStores>,
): Promise<Intent> {
  const { id } = ruling.binding;
  const { intents } = context.stores;
  // If the device began a renewal over EST and a crash left its intent open, that intent is signed.
  const begun = await intents.ofBinding(id);
  const intent = begun ?? context.issuer.prepare(orderOf(ruling));
  if (begun === undefined) await intents.intend(intent, id);
  await attach(record, id, intent, { step: STEPS.live, event: 'renewal intended' }, context);
  return intent;
}

/** A renewal that was begun for the domain before is not signed any more. */
async function move(
  record: StoredRecord,
  ruling: MoveRuling,
  context: ApplyContext<AloneStores>,
): Promise<Intent> {
  const { id, domain, site, state } = ruling.binding;
  const { intents, bindings, places } = context.stores;
  const begun = await intents.ofBinding(id);
  if (begun !== undefined) await intents.abandon(begun.serial);
  await places.put({ ...ruling.place, at: toInstant(context.now) });
  await bindings.move(id, { domain, site, state });
  const intent = context.issuer.prepare(orderOf(ruling));
  await intents.intend(intent, id);
  await attach(record, id, intent, { step: STEPS.live, event: 'move intended' }, context);
  return intent;
}

/** Drops a pending key. */
async function giveUp(
  key: LineageKey,
  { stores, by, now }: ApplyContext<AloneStores>,
): Promise<readonly IssuerName[]> {
  const binding = await stores.bindings.binding(key.binding);
  if (binding === undefined) return [];
  return dropKey(key, binding, { at: toInstant(now), actor: by ?? 'rules' }, stores);
}

/** A real organisation bound this device, so the practice binding with it ends and its certificate is revoked. */
async function endPractice(
  binding: Binding,
  { stores, now }: ApplyContext<AloneStores>,
): Promise<readonly IssuerName[]> {
  const at = toInstant(now);
  const issuers = await stores.revocations.revokeAll(binding.id, at, 'superseded');
  await stores.bindings.end(binding.id, at);
  const intent = await stores.intents.ofBinding(binding.id);
  if (intent !== undefined) await stores.intents.abandon(intent.serial);
  const { maker, udid, domain } = binding;
  const record = await stores.records.record(binding.registration);
  // A practice registration whose certificate is still being issued is judged anew, and then finds the real binding.
  if (record !== undefined && record.outcome !== null) {
    const about = { maker, udid, domain };
    await settle(record, { outcome: 'refused', code: 'practice_ended', about, at }, stores);
  }
  await audit(stores.audit, {
    at,
    step: STEPS.live,
    event: 'practice ended',
    actor: 'rules',
    org: binding.org,
    subject: udid,
  });
  return issuers;
}

/** Site and position of a device in its domain become what the record says. */
async function correct(
  record: StoredRecord,
  change: Omit<PlaceChange, 'at'>,
  { stores, now }: ApplyContext<AloneStores>,
): Promise<void> {
  const at = toInstant(now);
  await stores.places.put({ ...change, at });
  if (change.binding !== null) await stores.bindings.setSite(change.binding, change.site);
  await audit(stores.audit, {
    at,
    step: STEPS.live,
    event: 'place corrected',
    actor: change.by,
    org: record.header.org,
    subject: record.udid ?? record.id,
    detail: record.id,
  });
}

/** The device of this record stands in the place of another one, if it names any, which ends. */
async function replace(
  record: StoredRecord,
  before: Binding | undefined,
  { stores, now, by = record.author }: ApplyContext<AloneStores>,
): Promise<readonly IssuerName[]> {
  if (before === undefined) return [];
  const at = toInstant(now);
  const after = (await stores.records.record(record.id))?.binding;
  if (after == null) throw new Error('a bound record names no binding');
  const detail = `by ${record.udid ?? ''}, record ${record.id}`;
  return takeOver(before, after, { at, by, detail }, stores);
}

async function applyEffect(
  record: StoredRecord,
  effect: Exclude<Effect, OwnEffect>,
  context: ApplyContext<AloneStores>,
): Promise<readonly IssuerName[]> {
  const { stores, now } = context;
  const at = toInstant(now);
  switch (effect.kind) {
    case 'end': {
      const binding = await stores.bindings.binding(effect.binding);
      if (binding === undefined) return [];
      const ending = { reason: effect.reason, code: 'withdrawn', at, by: record.author } as const;
      const issuers = await endBinding(binding, ending, stores);
      await audit(stores.audit, {
        at,
        step: STEPS.live,
        event: 'voided',
        actor: record.author,
        org: record.header.org,
        subject: record.udid ?? record.id,
        detail: record.id,
      });
      return issuers;
    }
    case 'amend':
      await correct(record, effect.change, context);
      return [];
    case 'unmove': {
      const { serials, to, change } = effect;
      const issuers: IssuerName[] = [];
      for (const serial of serials)
        issuers.push(...(await stores.revocations.revoke(serial, at, 'cessationOfOperation')));
      await standBack({ to, change }, at, stores);
      const moved = await stores.records.record(change.before.standsBy);
      if (moved !== undefined) {
        const about = {
          ...(record.udid === null ? {} : { udid: record.udid }),
          domain: change.before.domain,
        };
        const outcome = { outcome: 'refused', code: 'withdrawn', about, at, by: record.author } as const;
        const { device, fingerprint } = effect;
        // The device stays bound, so receivers are told of no end, but of the domain that it is in again.
        const told = {
          kind: 'moved',
          at,
          record: record.id,
          ...device,
          domain: to.domain,
          fingerprint,
        } as const;
        await settle(moved, { ...outcome, told }, stores);
      }
      await audit(stores.audit, {
        at,
        step: STEPS.live,
        event: 'move taken back',
        actor: record.author,
        org: record.header.org,
        subject: record.udid ?? record.id,
        detail: record.id,
      });
      return issuers;
    }
    case 'site': {
      await stores.domains.saveSite(effect.domain, effect.site);
      await audit(stores.audit, {
        at,
        step: STEPS.admin,
        event: 'site saved',
        actor: record.author,
        org: record.header.org,
        subject: effect.domain,
        detail: record.id,
      });
      return [];
    }
    case 'withdraw': {
      const registration = await stores.records.record(effect.record);
      if (registration === undefined) return [];
      await standBackFromHeld(registration, { at, by: record.author }, stores);
      const about = record.udid === null ? {} : { udid: record.udid };
      const outcome = { outcome: 'refused', code: 'withdrawn', about, at, by: record.author } as const;
      await settle(registration, outcome, stores);
      return [];
    }
  }
}
