import type { BackendFailure } from '../ports/backend.ts';
import type { DrainPorts } from './drain-ports.ts';
import { send } from './send.ts';

export type DrainOutcome =
  | { readonly kind: 'done'; readonly sent: number }
  /** Not enrolled on this phone: nothing can have been captured either. */
  | { readonly kind: 'nothing_to_do' }
  | { readonly kind: 'stopped'; readonly sent: number; readonly failure: BackendFailure };

/**
 * Sends what waits and fetches what was decided. Safe to run anywhere, any number of times: leases keep two drains off
 * the same record, the server answers a repeat with the first receipt, and nothing here deletes.
 */
export async function drain(ports: DrainPorts, signal: AbortSignal): Promise<DrainOutcome> {
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) return { kind: 'nothing_to_do' };
  const { sent, failure } = await send(ports, enrolment, signal);
  // A record set aside stops nothing else: what was decided of the others is fetched all the same.
  if (failure !== undefined && !failure.passing) return { kind: 'stopped', sent, failure: failure.why };
  const orgs = enrolment.credential.memberships.map((m) => m.org);
  const missed = (await pull(ports, orgs, signal)) ?? failure?.why;
  return missed === undefined ? { kind: 'done', sent } : { kind: 'stopped', sent, failure: missed };
}

async function pull(
  ports: DrainPorts,
  orgs: readonly string[],
  signal: AbortSignal,
): Promise<BackendFailure | undefined> {
  let refused: BackendFailure | undefined;
  for (const org of orgs) {
    for (let more = true; more; ) {
      const after = await ports.outbox.cursor(org);
      const answer = await ports.backend.changes(org, after, signal);
      if (!answer.ok) {
        if (answer.failure.kind !== 'refused') return answer.failure;
        refused = answer.failure; // of this organisation only: the others still have something to say
        break;
      }
      if (answer.value.cursor !== after)
        await ports.outbox.applyChanges(org, answer.value.cursor, answer.value.changes);
      more = answer.value.more && answer.value.cursor !== after;
    }
  }
  return refused;
}
