import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { EventKind } from '../../ports/events.ts';
import type { Receiver, ReceiverState } from '../../ports/receivers.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';

interface ReceiverParts {
  readonly stores: Needs<'orgs'>;
  readonly transact: Transact<'receivers' | 'audit'>;
  readonly clock: Clock;
}

export type ReceiverFault =
  | 'name_not_allowed'
  | 'name_taken'
  | 'org_unknown'
  | 'address_not_allowed'
  | 'topic_not_allowed';

interface NewReceiver {
  readonly name: string;
  readonly org: string;
  readonly target: string;
  readonly topic: string | undefined;
  readonly kinds: readonly EventKind[];
  readonly by: string;
}

const KINDS: Readonly<Record<string, Receiver['kind']>> = {
  'https:': 'webhook',
  'http:': 'webhook',
  'mqtts:': 'mqtt',
  'mqtt:': 'mqtt',
};

/** Adds a receiver, which gets events from now on. */
export async function addReceiver(
  requested: NewReceiver,
  { stores, transact, clock }: ReceiverParts,
): Promise<ReceiverFault | undefined> {
  const { name, org, target, kinds, by } = requested;
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(name)) return 'name_not_allowed';
  if ((await stores.orgs.org(org)) === undefined) return 'org_unknown';
  const url = URL.parse(target);
  const kind = KINDS[url?.protocol ?? ''];
  // Passwords belong in files, since an address is shown in lists, logs and on the audit trail.
  if (url === null || kind === undefined || url.username !== '' || url.password !== '' || target.length > 500)
    return 'address_not_allowed';
  const topic = kind === 'mqtt' ? (requested.topic ?? `fieldbind/${org}`) : null;
  // A topic to publish to has no wildcards and no empty level at its ends (MQTT 3.1.1 section 4.7).
  if (topic !== null && !/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(topic)) return 'topic_not_allowed';
  if (kind === 'webhook' && requested.topic !== undefined) return 'topic_not_allowed';
  const at = toInstant(clock.now());
  const receiver = { name, org, kind, target: url.href, topic, kinds, madeAt: at, madeBy: by };
  const added = await transact(async (tx) => {
    if (!(await tx.receivers.add(receiver))) return false;
    const entry = { at, step: STEPS.admin, event: 'event receiver added', actor: by, org, subject: name };
    await audit(tx.audit, {
      ...entry,
      detail: `${url.origin === 'null' ? url.host : url.origin}: ${kinds.join(', ')}`,
    });
    return true;
  });
  return added ? undefined : 'name_taken';
}

/** False if the receiver does not exist. */
export function removeReceiver(name: string, by: string, parts: ChangeParts): Promise<boolean> {
  return change({ name, by, event: 'event receiver removed' }, parts, (tx) => tx.receivers.remove(name));
}

/** Resumes delivery to a receiver that was given up, from where it stopped. False if it does not exist. */
export function resumeReceiver(name: string, by: string, parts: ChangeParts): Promise<boolean> {
  return change({ name, by, event: 'event receiver resumed' }, parts, async (tx, { told, fault }, at) => {
    await tx.receivers.progress(name, {
      ...{ told, tries: 0, notTaken: 0, nextAt: at },
      ...{ failingSince: null, fault, deadAt: null },
    });
    return true;
  });
}

type ChangeParts = Pick<ReceiverParts, 'transact' | 'clock'>;

/** Changes one receiver and writes the audit trail, in one transaction. */
function change(
  { name, by, event }: { readonly name: string; readonly by: string; readonly event: string },
  { transact, clock }: ChangeParts,
  act: (tx: Needs<'receivers'>, receiver: ReceiverState, at: string) => Promise<boolean>,
): Promise<boolean> {
  return transact(async (tx) => {
    const at = toInstant(clock.now());
    const receiver = await tx.receivers.receiver(name);
    if (receiver === undefined || !(await act(tx, receiver, at))) return false;
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event,
      actor: by,
      org: receiver.org,
      subject: name,
      detail: '',
    });
    return true;
  });
}
