import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { RevocationLists, SignedCrl } from '../../../ports/crls.ts';
import type { SuspensionReason } from '../../../ports/device-life.ts';
import type { IssuerName, OrgName } from '../../../ports/issuer-name.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { isCommandLine, personOf } from '../../../trail/actors.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { endBinding } from '../binding/end-binding.ts';

export interface LifeParts {
  readonly urgent: Transact<
    | 'bindings'
    | 'liveBindings'
    | 'revocations'
    | 'intents'
    | 'records'
    | 'changes'
    | 'life'
    | 'places'
    | 'audit'
  >;
  readonly lists: RevocationLists;
  readonly clock: Clock;
}

/** A bound device of one organisation. Another organisation's device counts as not found. */
export interface OwnDevice {
  readonly org: OrgName;
  readonly maker: string;
  readonly udid: string;
}

/** The person who says so and the reason; both go on the trail. */
export interface Word {
  readonly by: string;
  readonly because: string;
}

/**
 * `not_ready`: the certificate is still being issued. `suspended`, `not_suspended`: the device is in that state
 * already. `four_eyes`: whoever reported the device lost cannot be the one who says that it was found.
 * `sign_in_needed`: a name on the command line is a word of whoever sits there, so it is never the second of two persons.
 */
export type LifeFault =
  | 'not_found'
  | 'not_ready'
  | 'suspended'
  | 'not_suspended'
  | 'four_eyes'
  | 'sign_in_needed';
export type LifeResult =
  | { readonly ok: true; readonly binding: string; readonly lists: readonly SignedCrl[] }
  | { readonly ok: false; readonly why: LifeFault };

type LifeStores = Parameters<Parameters<LifeParts['urgent']>[0]>[0];

/** The device's live binding, if it is this organisation's. */
export async function liveOf(
  { org, maker, udid }: OwnDevice,
  { liveBindings }: Needs<'liveBindings'>,
): Promise<Binding | undefined> {
  return (await liveBindings.named(maker, udid)).find((binding) => binding.org === org);
}

/** Runs one action on a live binding in a transaction, puts it on the trail, and signs anew the CRLs that it changed. */
async function act(
  event: string,
  device: OwnDevice,
  word: Word,
  { urgent, lists, clock }: LifeParts,
  work: (binding: Binding, at: string, tx: LifeStores) => Promise<LifeFault | readonly IssuerName[]>,
): Promise<LifeResult> {
  const at = toInstant(clock.now());
  const done = await urgent(async (tx) => {
    const binding = await liveOf(device, tx);
    if (binding === undefined) return 'not_found';
    if (binding.state === 'issuing') return 'not_ready';
    const issuers = await work(binding, at, tx);
    if (typeof issuers === 'string') return issuers;
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event,
      actor: word.by,
      org: device.org,
      subject: device.udid,
      detail: `because: ${word.because}`,
    });
    return { binding: binding.id, issuers };
  });
  if (typeof done === 'string') return { ok: false, why: done };
  return { ok: true, binding: done.binding, lists: await lists.publish(done.issuers) };
}

/**
 * Puts a device's certificates on hold at once, so that for the time being nobody trusts them. A renewal under way is
 * dropped. A device in maintenance may be reported lost; a lost one cannot be put in maintenance.
 */
export function suspendDevice(
  device: OwnDevice,
  reason: SuspensionReason,
  word: Word,
  parts: LifeParts,
): Promise<LifeResult> {
  return act(`suspended: ${reason}`, device, word, parts, async (binding, at, tx) => {
    const { id, org, maker, udid, domain } = binding;
    const suspension = await tx.life.suspension(id);
    if (suspension !== undefined && (suspension.reason === 'lost' || reason === 'maintenance'))
      return 'suspended';
    await tx.life.suspend({ binding: id, reason, at, by: word.by });
    const issuers = await tx.revocations.hold(id, at);
    const intent = await tx.intents.ofBinding(id);
    if (intent !== undefined) await tx.intents.abandon(intent.serial);
    await tx.changes.tell(org, { kind: 'suspended', at, maker, udid, domain, reason });
    return issuers;
  });
}

/** Takes a device's certificates off hold. Resuming a lost device needs four eyes, since it may have been in other hands. */
export function resumeDevice(device: OwnDevice, word: Word, parts: LifeParts): Promise<LifeResult> {
  return act('resumed', device, word, parts, async (binding, at, tx) => {
    const { id, org, maker, udid, domain } = binding;
    const suspension = await tx.life.suspension(id);
    if (suspension === undefined) return 'not_suspended';
    if (suspension.reason === 'lost') {
      if (isCommandLine(word.by)) return 'sign_in_needed';
      if (personOf(suspension.by) === personOf(word.by)) return 'four_eyes';
    }
    await tx.life.resume(id);
    const issuers = await tx.revocations.release(id);
    await tx.changes.tell(org, { kind: 'resumed', at, maker, udid, domain });
    return issuers;
  });
}

/** Ends a device's service for good. There is no tombstone: the device did nothing wrong, and may be bound again. */
export function retireDevice(device: OwnDevice, word: Word, parts: LifeParts): Promise<LifeResult> {
  return act('retired', device, word, parts, (binding, at, tx) =>
    endBinding(binding, { reason: 'cessationOfOperation', code: 'retired', at, by: word.by }, tx),
  );
}
