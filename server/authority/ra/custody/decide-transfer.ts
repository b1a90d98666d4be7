import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { RevocationLists } from '../../../ports/crls.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';
import type { TransferCase } from '../../../ports/transfer-cases.ts';
import { isCommandLine, personOf } from '../../../trail/actors.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { endBinding } from '../binding/end-binding.ts';
import { settle } from '../binding/settle.ts';
import type { Decider } from '../records/decider.ts';
import { type LifeFault, liveOf, type OwnDevice, type Word } from './device-life.ts';
import { releaseRow } from './release-row.ts';

type TransferStores = Needs<
  | 'transfers'
  | 'offers'
  | 'bindings'
  | 'liveBindings'
  | 'revocations'
  | 'intents'
  | 'records'
  | 'changes'
  | 'life'
  | 'list'
  | 'rowClaims'
  | 'audit'
>;

export interface TransferParts {
  readonly transact: <T>(work: (stores: TransferStores) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
}

/**
 * `own_record`: whoever captured the claim cannot decide it for the owner. `suspended`: the device was reported lost, or may
 * have been before a copy was put back, so nobody may give it up. `sign_in_needed`: a name on the command line is never the second of two persons.
 */
export type TransferFault = 'not_found' | 'own_record' | 'suspended' | 'not_ready' | 'sign_in_needed';
type TransferResult = 'offered' | 'given_up' | 'refused';

/**
 * The first of four eyes, before or after somebody claims the device: one person of the owner offers to give it up to
 * whoever claims it.
 */
export function offerDevice(
  device: OwnDevice,
  word: Word,
  { transact, clock }: TransferParts,
): Promise<'done' | Extract<LifeFault, 'not_found' | 'not_ready' | 'suspended'>> {
  return transact(async (tx) => {
    const binding = await liveOf(device, tx);
    if (binding === undefined) return 'not_found';
    const fault = await faultOf(binding, tx);
    if (fault !== undefined) return fault;
    await offer(binding, null, word, toInstant(clock.now()), tx);
    return 'done';
  });
}

/**
 * Decides a claim for the owner. If it is refused, the claimant learns that and nothing else. If two persons of the
 * owner give the device up, the old binding ends, its list row is the claimant's, and the claim is undecided again, so
 * that the rules judge it as if nobody had the device.
 */
export async function decideTransfer(
  request: Word & { readonly id: string; readonly org: string; readonly decision: 'give_up' | 'refuse' },
  parts: TransferParts & { readonly decider: Pick<Decider, 'take'>; readonly lists: RevocationLists },
): Promise<TransferResult | TransferFault> {
  const {
    result,
    records = [],
    issuers = [],
  } = await parts.transact((tx) => decideIn(request, toInstant(parts.clock.now()), tx));
  try {
    if (records.length > 0) await parts.decider.take(records);
  } finally {
    await parts.lists.publish(issuers);
  }
  return result;
}

interface TransferDecision {
  readonly result: TransferResult | TransferFault;
  /** The claims that are undecided again. */
  readonly records?: readonly string[];
  /** Issuing CAs whose CRL has to be signed anew. */
  readonly issuers?: readonly IssuerName[];
}

async function decideIn(
  { id, org, decision, ...word }: Parameters<typeof decideTransfer>[0],
  at: string,
  tx: TransferStores,
): Promise<TransferDecision> {
  const transfer = await tx.transfers.open(id);
  const binding = transfer && (await tx.bindings.binding(transfer.binding));
  if (transfer === undefined || binding?.org !== org) return { result: 'not_found' };
  const claim = await tx.records.record(transfer.record);
  if (claim?.author === personOf(word.by)) return { result: 'own_record' };
  if (decision === 'refuse') {
    await close(transfer, 'refused', binding, word, at, tx);
    const { udid } = binding;
    // The answer is the same whoever the owner is; the name of the person who decided stays on the trail only.
    if (claim?.outcome === 'refused')
      await settle(claim, { outcome: 'refused', code: 'transfer_refused', about: { udid }, at }, tx);
    return { result: 'refused' };
  }
  const fault = await faultOf(binding, tx);
  if (fault !== undefined) return { result: fault };
  // An offer made in another case was for that case's claimant; two persons must agree on the same one.
  const offers = await tx.offers.inCase(transfer);
  if (offers.length === 0) await offer(binding, id, word, at, tx);
  if (offers.every(({ by }) => personOf(by) === personOf(word.by))) return { result: 'offered' };
  if (isCommandLine(word.by)) return { result: 'sign_in_needed' };
  await close(transfer, 'given_up', binding, word, at, tx);
  const ending = { reason: 'affiliationChanged', code: 'given_up', at, by: word.by } as const;
  const issuers = await endBinding(binding, ending, tx);
  const hands = { from: org, to: transfer.claimant };
  const waiting = await releaseRow(binding, hands, { ...word, at }, tx);
  // The claim was taken back or decided otherwise meanwhile: the device is then free, and nothing else happens.
  if (claim?.outcome !== 'refused' || claim.code !== 'transfer_case')
    return { result: 'given_up', records: waiting, issuers };
  await tx.records.reopen(claim.id);
  return { result: 'given_up', records: [claim.id, ...waiting], issuers };
}

async function faultOf(
  { id, state }: Binding,
  { life }: Needs<'life'>,
): Promise<'not_ready' | 'suspended' | undefined> {
  if (state === 'issuing') return 'not_ready';
  const reason = (await life.suspension(id))?.reason;
  return reason === undefined || reason === 'maintenance' ? undefined : 'suspended';
}

async function offer(
  { id, org, udid }: Binding,
  transfer: string | null,
  { by, because }: Word,
  at: string,
  { offers, audit: trail }: Needs<'offers' | 'audit'>,
): Promise<void> {
  await offers.offer({ binding: id, transfer, by, because, at });
  const entry = { at, step: STEPS.live, event: 'offered to be given up', actor: by, org };
  const where = transfer === null ? '' : `case ${transfer}, `;
  await audit(trail, { ...entry, subject: udid, detail: `${where}because: ${because}` });
}

async function close(
  transfer: TransferCase,
  verdict: 'given_up' | 'refused',
  { org, udid }: Binding,
  { by, because }: Word,
  at: string,
  { transfers, offers, audit: trail }: Needs<'transfers' | 'offers' | 'audit'>,
): Promise<void> {
  const { id, claimant } = transfer;
  await transfers.decide(id, verdict, by, at);
  // The offer was meant for this claimant; the next claim needs four eyes again.
  await offers.withdraw(transfer);
  const event = verdict === 'given_up' ? 'given up' : 'claim refused';
  const entry = { at, step: STEPS.live, event, actor: by, org };
  await audit(trail, { ...entry, subject: udid, detail: `to ${claimant}, case ${id}, because: ${because}` });
}
