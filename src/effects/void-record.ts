import type { Void } from '../../contract/void.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import { type CapturePorts, captureRecord } from './capture-record.ts';

/** Takes a registration back by a signed record of its own: what was signed is never erased. */
export function voidRecord(
  ports: CapturePorts,
  { id, org, udid, domain, title, simulated }: QueuedRecord,
  reason: Void['reason'],
  app: string,
): Promise<QueuedRecord> {
  const now = ports.clock.now();
  const own = uuid7(now, ports.crypto);
  const payload: Void = { id: own, app, capturedAt: toInstant(now), of: id, udid, reason };
  return captureRecord(
    ports,
    'void+jws',
    { id: own, org, udid, domain, title, about: id, simulated },
    payload,
  );
}
