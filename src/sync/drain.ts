import { verifyAnchor } from '../../core/statement.ts';
import type { BackendFailure } from '../ports/backend.ts';
import type { Enrolment } from '../ports/work.ts';
import { findAccord } from './accord.ts';
import type { DrainPorts } from './drain-ports.ts';
import { type KnownKeys, withNewKeys } from './known-keys.ts';
import { KEY_UNKNOWN } from './not-sent.ts';
import { send } from './send.ts';

export type DrainOutcome =
  | { readonly kind: 'done'; readonly sent: number }
  /** Not enrolled on this phone: nothing can have been captured either. */
  | { readonly kind: 'nothing_to_do' }
  | { readonly kind: 'stopped'; readonly sent: number; readonly failure: BackendFailure };

/**
 * Sends what waits and fetches what was decided. Safe to run anywhere, any number of times: leases keep two drains off
 * the same record, the server answers a repeat with the first receipt, and nothing here deletes. What the backend lost is
 * sent again (accord.ts), before anything that is new where that is known in time.
 */
export async function drain(ports: DrainPorts, signal: AbortSignal): Promise<DrainOutcome> {
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) return { kind: 'nothing_to_do' };
  const known: KnownKeys = { keys: await ports.work.statementKeys() };
  const comparing = { ports, enrolment, known, signal };
  const before = await findAccord(comparing, {});
  if (before.failure !== undefined) return { kind: 'stopped', sent: 0, failure: before.failure };
  const first = await send(ports, ports.outbox, enrolment, known, signal);
  const { failure } = first;
  let { sent } = first;
  // A record set aside stops nothing else: what was decided of the others is fetched all the same.
  if (failure !== undefined && !failure.passing) return { kind: 'stopped', sent, failure: failure.why };
  let pulled = await pull(ports, enrolment, known, signal);
  const isKeyUnknown = failure?.why === KEY_UNKNOWN;
  const after = await findAccord(comparing, {
    isKeyUnknown,
    ...(pulled.era === undefined ? {} : { hint: pulled.era }),
  });
  const unknown = (await ports.again.accord()).unknownKid === enrolment.signer.kid ? KEY_UNKNOWN : undefined;
  // The backend knows the key now.
  if (isKeyUnknown && unknown === undefined && after.failure === undefined)
    sent += (await send(ports, ports.outbox, enrolment, known, signal)).sent;
  if (after.isNews === true) pulled = await pull(ports, enrolment, known, signal);
  const missed = pulled.failure ?? after.failure ?? unknown ?? (isKeyUnknown ? undefined : failure?.why);
  return missed === undefined ? { kind: 'done', sent } : { kind: 'stopped', sent, failure: missed };
}

interface Pulled {
  readonly failure?: BackendFailure;
  /** What the backend calls the era, unsigned; null where it never was put back. Undefined without an answer. */
  readonly era?: string | null;
}

async function pull(
  ports: DrainPorts,
  { credential: { memberships, aud } }: Enrolment,
  known: KnownKeys,
  signal: AbortSignal,
): Promise<Pulled> {
  let pulled: Pulled = {};
  for (const { org } of memberships) {
    for (let more = true; more; ) {
      const after = await ports.outbox.cursor(org);
      const answer = await ports.backend.changes(org, after, signal);
      if (!answer.ok) {
        pulled = { ...pulled, failure: answer.failure };
        if (answer.failure.kind !== 'refused') return pulled;
        break; // refused for this organisation only: the others still have something to say
      }
      const { cursor, changes, era, anchor } = answer.value;
      if (cursor !== after) await ports.outbox.applyChanges(org, cursor, changes, era);
      if (anchor !== undefined) await takeAnchor(anchor, ports, aud, known, signal);
      pulled = { ...pulled, era: era ?? null };
      more = answer.value.more && cursor !== after;
    }
  }
  return pulled;
}

/** What the next records name: it proves that they are no older. */
async function takeAnchor(
  jws: string,
  ports: DrainPorts,
  aud: string,
  known: KnownKeys,
  signal: AbortSignal,
): Promise<void> {
  const verify = (keys: KnownKeys['keys']) => verifyAnchor(jws, aud, keys, ports.crypto);
  const anchor = await withNewKeys(verify, ports, aud, known, signal);
  if (anchor.ok) await ports.kept.saveAnchor({ digest: anchor.digest, jws });
}
