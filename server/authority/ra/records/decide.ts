import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { CertificateAuthority, Intent, Issuer } from '../../../ports/certificate-authority.ts';
import type { RevocationLists } from '../../../ports/crls.ts';
import type { JudgeReads } from '../../../ports/group-stores.ts';
import type { StepListener } from '../../../ports/instrument.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { type AloneStores, type ApplyResult, applyAlone } from './apply-alone.ts';
import { complete, readIssuing } from './complete.ts';
import { judge } from './judge.ts';

export interface DecideParts {
  readonly stores: Needs<'records' | 'queue'>;
  readonly transact: Transact<keyof (JudgeReads & AloneStores)>;
  readonly lists: RevocationLists;
  readonly ca: CertificateAuthority;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly onStep: StepListener;
}

/** A person's approval of a held record. */
export interface Approval {
  readonly by: string;
  readonly reason: string;
}

/**
 * Steps 8 and 9 for one record, as two durable steps with the signature between them:
 *
 * 1. ruling, binding and intent (serial, TBS) in one transaction;
 * 2. certificate, outcome and change in one transaction.
 *
 * After a crash between them the record is still undecided and its intent open: deciding it again signs the same TBS.
 * If its binding ended meanwhile, the intent is abandoned and the record judged anew.
 */
export async function decide(id: string, approval: Approval | undefined, parts: DecideParts): Promise<void> {
  const received = await parts.stores.records.record(id);
  if (received === undefined) return;
  // Opened before the transaction: inside it only the transaction's own stores may be used.
  const issuer = await parts.ca.issuer(received.header.org);
  if (issuer === undefined) throw new Error('an organisation has no issuing CA');
  const applied = await parts.transact<ApplyResult | undefined>(async (stores) => {
    const record = await stores.records.record(id);
    if (record === undefined || !isOpen(record, approval)) return undefined;
    const resumed = await resume(record, stores);
    if (resumed !== undefined) return { intent: resumed, issuers: [] };
    const ruling = await judge(record, approval !== undefined, stores, parts.crypto);
    // Held again for the same reason: nothing is written, since nothing is new. An approval lets no suspended device pass.
    const isAgain = ruling.outcome === 'held' && record.outcome === 'held';
    if (isAgain && (approval === undefined || ruling.code === record.code)) return undefined;
    if (approval !== undefined) {
      await audit(stores.audit, {
        at: toInstant(parts.clock.now()),
        step: STEPS.decide,
        event: 'approved',
        actor: approval.by,
        org: record.header.org,
        subject: record.id,
        detail: `because: ${approval.reason}`,
      });
    }
    const context = { stores, issuer, crypto: parts.crypto, now: parts.clock.now(), by: approval?.by };
    return applyAlone(record, ruling, context);
  });
  if (applied === undefined) return;
  try {
    if (applied.intent !== undefined) await issue(id, applied.intent, issuer, parts);
  } finally {
    // Last: a CRL that cannot be signed must not delay a certificate. The server's round signs it later.
    await parts.lists.publish(applied.issuers);
  }
}

/** The signature, and the second durable step. */
async function issue(id: string, intent: Intent, issuer: Issuer, parts: DecideParts): Promise<void> {
  parts.onStep('intended');
  // An intent that an earlier run prepared may belong to a CA that has been replaced since.
  const signer = intent.issuer === issuer.name ? issuer : await parts.ca.issuerNamed(intent.issuer);
  if (signer === undefined) throw new Error('the issuing CA of an intent is not here');
  const signed = await signer.sign(intent);
  parts.onStep('signed');
  const at = toInstant(parts.clock.now());
  await parts.transact(async (stores) =>
    complete(await readIssuing(await stores.records.record(id), stores), intent, signed, at, stores),
  );
  parts.onStep('issued');
}

/**
 * Whether the record may be decided: it is undecided; or it is held, and a person decides it or the missing part of
 * its chain may have arrived.
 */
function isOpen(record: StoredRecord, approval: Approval | undefined): boolean {
  return (
    record.outcome === null ||
    (record.outcome === 'held' && (approval !== undefined || record.code === 'operator_revoked'))
  );
}

/** The intent that an earlier run recorded for this record, if it may still be signed. */
async function resume(
  record: StoredRecord,
  { bindings, intents, lineage }: Needs<'bindings' | 'intents' | 'lineage'>,
): Promise<Intent | undefined> {
  if (record.outcome !== null || record.binding === null) return undefined;
  const intent = await intents.ofBinding(record.binding);
  const binding = await bindings.binding(record.binding);
  if (intent === undefined) return undefined;
  // This intent is for another key, which the device asked for over EST meanwhile; it does not belong to this record.
  if ((await lineage.pendingOf(record.binding))?.serial === intent.serial) return undefined;
  if (binding?.endedAt === null) return intent;
  await intents.abandon(intent.serial);
  return undefined;
}
