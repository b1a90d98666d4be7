import { REJECTION_CODES, type RejectionCode } from '../../../contract/codes.ts';
import type { Skip } from '../../../contract/skip.ts';
import { toInstant } from '../../../core/instant.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import type { Journal, OutboxUpkeep } from '../../ports/keeping.ts';
import type { OutboxView, QueuedRecord } from '../../ports/outbox.ts';
import { type CapturePorts, captureRecord } from '../capture-record.ts';
import { withCopies } from './watch-storage.ts';

/** Rejections after which the backend holds nothing of the record, so that its number is a gap there. */
const NOT_KEPT: readonly RejectionCode[] = ['envelope_malformed', 'version_unknown', 'bad_signature'];

/** Signs a `skip` for every number that the backend could not take and was not told of. Gives how many. */
export async function skipRejected(
  bare: CapturePorts & { readonly journal: () => Promise<Journal | undefined> },
  outbox: OutboxUpkeep & Pick<OutboxView, 'ofDevice'>,
  app: string,
): Promise<number> {
  const ports = { ...bare, capture: withCopies(bare.capture, bare.journal) };
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) return 0;
  let signed = 0;
  for (const { row } of await outbox.unsent()) {
    // Another key's chain ended with it; only the key that made a gap can explain it.
    if (!isGap(row) || row.kid !== enrolment.signer.kid) continue;
    const about = await outbox.ofDevice(row.udid);
    if (about.some((other) => other.typ === 'skip+jws' && other.about === row.id)) continue;
    await skip(ports, row, app);
    signed++;
  }
  return signed;
}

function isGap(row: QueuedRecord): row is QueuedRecord & { readonly code: RejectionCode } {
  const code = REJECTION_CODES.find((known) => known === row.code);
  return row.state === 'rejected' && row.typ !== 'skip+jws' && code !== undefined && NOT_KEPT.includes(code);
}

function skip(
  ports: CapturePorts,
  row: QueuedRecord & { readonly code: RejectionCode },
  app: string,
): Promise<QueuedRecord> {
  const { id: of, org, udid, domain, title, simulated, seq, digest, code } = row;
  const now = ports.clock.now();
  const id = uuid7(now, ports.crypto);
  const payload: Skip = { id, app, capturedAt: toInstant(now), of, seq, digest, code };
  return captureRecord(ports, 'skip+jws', { id, org, udid, domain, title, about: of, simulated }, payload);
}
