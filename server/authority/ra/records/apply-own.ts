import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import { uuid7 } from '../../../../core/uuid7.ts';
import {
  type CertificateOrder,
  type CertificateSigner,
  type Intent,
  intentName,
} from '../../../ports/certificate-authority.ts';
import type { GroupStores } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS, type Step } from '../../../trail/steps.ts';
import { newestOfKey } from '../binding/good-certificates.ts';
import type { BindRuling, MoveRuling, OwnEffect, OwnRuling, RenewRuling } from '../binding/ruling.ts';
import { type SettleStores, settle } from '../binding/settle.ts';

/** The stores that a ruling on the record's own rows reads and writes. A group and a transaction of its own both have them. */
interface OwnStores extends SettleStores {
  readonly records: Pick<GroupStores['records'], 'attach' | 'settle'>;
  readonly bindings: GroupStores['bindings'];
  readonly certificates: Pick<GroupStores['certificates'], 'ofBinding'>;
  readonly intents: Pick<GroupStores['intents'], 'intend'>;
  readonly transfers: GroupStores['transfers'];
  readonly rowClaims: GroupStores['rowClaims'];
  readonly handed: Pick<GroupStores['handed'], 'hand'>;
}

export interface ApplyContext<S = OwnStores> {
  readonly stores: S;
  readonly issuer: Pick<CertificateSigner, 'prepare'>;
  readonly crypto: CryptoPort;
  readonly now: number;
  /** The person who decided; undefined if the rules did. */
  readonly by: string | undefined;
}

/**
 * Applies a ruling inside the transaction that judged the record. For a binding it opens the binding, records the
 * intent of its certificate, and returns that intent, to be signed once the transaction is durable.
 */
export async function applyOwn(
  record: StoredRecord,
  ruling: OwnRuling,
  context: ApplyContext,
): Promise<Intent | undefined> {
  const { stores, now, crypto } = context;
  const at = toInstant(now);
  const by = context.by === undefined ? {} : { by: context.by };
  switch (ruling.outcome) {
    case 'held':
    case 'refused':
    case 'noted': {
      const { outcome, code, detail, about } = ruling;
      if (ruling.effect !== undefined) await applyEffect(record, ruling.effect, context);
      await settle(record, { outcome, code, detail, about, at, ...by }, stores);
      return undefined;
    }
    case 'same': {
      const { about, keyDigest } = ruling;
      const { id: binding, unproven } = ruling.binding;
      const certificate = await newestOfKey({ binding, keyDigest }, stores, crypto);
      if (certificate === undefined) throw new Error('a live binding has no certificate');
      const { fingerprint } = certificate;
      const outcome = {
        outcome: 'bound',
        code: ruling.moved === true ? 'moved' : 'same_install',
        about,
        at,
        binding,
        unproven,
        fingerprint,
      } as const;
      await settle(record, { ...outcome, ...by }, stores);
      return undefined;
    }
    case 'bind': {
      const id = uuid7(now, crypto);
      const intent = context.issuer.prepare(orderOf(ruling));
      await stores.bindings.open({ ...ruling.binding, id, boundAt: at });
      await stores.intents.intend(intent, id);
      await attach(record, id, intent, { step: STEPS.issue, event: 'intended' }, context);
      return intent;
    }
  }
}

/** Records that this binding's certificate is being issued for the record. */
export async function attach(
  record: StoredRecord,
  binding: string,
  intent: Intent,
  what: { readonly step: Step; readonly event: string },
  { stores, now, by }: ApplyContext<Pick<OwnStores, 'records' | 'audit'>>,
): Promise<void> {
  await stores.records.attach(record.id, binding, by ?? null);
  await audit(stores.audit, {
    ...what,
    at: toInstant(now),
    actor: by ?? 'rules',
    org: record.header.org,
    subject: record.id,
    detail: intentName(intent),
  });
}

/** The order that the CA receives. */
export function orderOf({
  binding: { udid, domain },
  profile,
  spki,
}: BindRuling | RenewRuling | MoveRuling): CertificateOrder {
  return { ...profile, udid, domain, spki };
}

async function applyEffect(
  record: StoredRecord,
  effect: OwnEffect,
  { stores, crypto, now }: ApplyContext,
): Promise<void> {
  const at = toInstant(now);
  switch (effect.kind) {
    case 'installed': {
      const binding = await stores.bindings.binding(effect.binding);
      if (effect.isElsewhere !== true && binding?.state === 'issued')
        await stores.bindings.setState(effect.binding, 'installed');
      await stores.handed.hand(effect, 'installed', at);
      await audit(stores.audit, {
        at,
        step: STEPS.confirm,
        event: 'installed',
        actor: record.author,
        org: record.header.org,
        subject: record.udid ?? record.id,
        detail: record.id,
      });
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
      return;
    case 'row_claim': {
      const { kind: _, ...row } = effect;
      await stores.rowClaims.open({ ...row, record: record.id, claimant: record.header.org, openedAt: at });
    }
  }
}
