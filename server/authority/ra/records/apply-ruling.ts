import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { DomainName } from '../../../../core/name.ts';
import type { Udid } from '../../../../core/udid.ts';
import { uuid7 } from '../../../../core/uuid7.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { CertificateOrder, Intent, Issuer } from '../../../ports/certificate-authority.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS, type Step } from '../../../trail/steps.ts';
import { newestOfKey } from '../binding/good-certificates.ts';
import type { Effect, Ruling } from '../binding/ruling.ts';
import { settle } from '../binding/settle.ts';
import { dropKey } from '../binding/take-key.ts';

export type ApplyStores = Needs<
  'records' | 'changes' | 'audit' | 'bindings' | 'intents' | 'certificates' | 'lineage' | 'transfers'
>;

export interface ApplyContext {
  readonly stores: ApplyStores;
  readonly issuer: Issuer;
  readonly crypto: CryptoPort;
  readonly now: number;
  /** The person who decided, where one did. */
  readonly by: string | undefined;
}

/**
 * Does what a ruling says, inside the transaction it was made in. For a binding that is: open it, record the intent of
 * its certificate, and give the intent back to be signed once the transaction is durable.
 */
export async function applyRuling(
  record: StoredRecord,
  ruling: Ruling,
  context: ApplyContext,
): Promise<Intent | undefined> {
  const { stores, now } = context;
  const at = toInstant(now);
  const by = context.by === undefined ? {} : { by: context.by };
  switch (ruling.outcome) {
    case 'held':
    case 'refused':
    case 'noted': {
      const { outcome, code, detail, about } = ruling;
      if (ruling.effect !== undefined) await applyEffect(record, ruling.effect, at, context);
      await settle(record, { outcome, code, detail, about, at, ...by }, stores);
      return undefined;
    }
    case 'same': {
      const { id: binding, unproven } = ruling.binding;
      const certificate = await newestOfKey({ binding, keyDigest: ruling.keyDigest }, stores, context.crypto);
      if (certificate === undefined) throw new Error('a live binding has no certificate');
      const { fingerprint } = certificate;
      await settle(
        record,
        {
          outcome: 'bound',
          code: 'same_install',
          about: ruling.about,
          at,
          binding,
          unproven,
          fingerprint,
          ...by,
        },
        stores,
      );
      return undefined;
    }
    case 'renew': {
      const { id } = ruling.binding;
      if (ruling.drops !== undefined) await giveUp(ruling.drops, at, context);
      // One that the device itself began over EST, and that a crash left, is the one that is signed.
      const begun = await stores.intents.ofBinding(id);
      const intent = begun ?? context.issuer.prepare(orderOf(ruling));
      if (begun === undefined) await stores.intents.intend(intent, id);
      await attach(record, id, intent, { step: STEPS.live, event: 'renewal intended' }, context);
      return intent;
    }
    case 'bind': {
      const id = uuid7(now, context.crypto);
      for (const practice of ruling.displaces) await endPractice(practice, at, context);
      if (ruling.drops !== undefined) await giveUp(ruling.drops, at, context);
      const intent = context.issuer.prepare(orderOf(ruling));
      await stores.bindings.open({ ...ruling.binding, id, boundAt: at });
      await stores.intents.intend(intent, id);
      await attach(record, id, intent, { step: STEPS.issue, event: 'intended' }, context);
      return intent;
    }
  }
}

/** A key that waits to be shown is waited for no more. */
async function giveUp(key: LineageKey, at: string, { stores, by }: ApplyContext): Promise<void> {
  const binding = await stores.bindings.binding(key.binding);
  if (binding !== undefined) await dropKey(key, binding, { at, actor: by ?? 'rules' }, stores);
}

async function attach(
  record: StoredRecord,
  binding: string,
  intent: Intent,
  what: { readonly step: Step; readonly event: string },
  { stores, now, by }: ApplyContext,
): Promise<void> {
  await stores.records.attach(record.id, binding, by ?? null);
  await audit(stores.audit, {
    ...what,
    at: toInstant(now),
    actor: by ?? 'rules',
    org: record.header.org,
    subject: record.id,
    detail: `serial ${intent.serial}, TBS ${intent.tbsDigest}`,
  });
}

function orderOf({
  binding: { udid, domain },
  profile,
  spki,
}: Extract<Ruling, { outcome: 'bind' | 'renew' }>): CertificateOrder {
  return { ...profile, udid: udid as Udid, domain: domain as DomainName, spki };
}

/** A real organisation bound this device: the practice with it ends, certificate and all. */
async function endPractice(binding: Binding, at: string, { stores }: ApplyContext): Promise<void> {
  await stores.certificates.revokeAll(binding.id, at, 'superseded');
  await stores.bindings.end(binding.id, at);
  const intent = await stores.intents.ofBinding(binding.id);
  if (intent !== undefined) await stores.intents.abandon(intent.serial);
  const { maker, udid, domain } = binding;
  const record = await stores.records.record(binding.registration);
  // One that is still being issued is judged anew, and finds the real binding.
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
}

async function applyEffect(
  record: StoredRecord,
  effect: Effect,
  at: string,
  { stores, crypto, now }: ApplyContext,
): Promise<void> {
  const trail = { at, actor: record.author, org: record.header.org, subject: record.udid };
  switch (effect.kind) {
    case 'installed': {
      const binding = await stores.bindings.binding(effect.binding);
      if (binding?.state === 'issued') await stores.bindings.setState(effect.binding, 'installed');
      await audit(stores.audit, { ...trail, step: STEPS.confirm, event: 'installed', detail: record.id });
      return;
    }
    case 'end': {
      await stores.certificates.revokeAll(effect.binding, at, effect.reason);
      await stores.bindings.end(effect.binding, at);
      await audit(stores.audit, {
        ...trail,
        step: STEPS.live,
        event: 'voided by its author',
        detail: record.id,
      });
      await stores.changes.tell(record.header.org, {
        kind: 'revoked',
        at,
        ...effect.about,
        code: 'withdrawn',
      });
      return;
    }
    case 'withdraw': {
      const registration = await stores.records.record(effect.record);
      if (registration === undefined) return;
      const about = { udid: record.udid };
      await settle(
        registration,
        { outcome: 'refused', code: 'withdrawn', about, at, by: record.author },
        stores,
      );
      return;
    }
    case 'transfer_case':
      await stores.transfers.openCase({
        id: uuid7(now, crypto),
        record: record.id,
        claimant: record.header.org,
        binding: effect.binding,
        openedAt: at,
      });
  }
}
