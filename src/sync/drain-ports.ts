import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import type { SendAgain } from '../ports/again.ts';
import type { AccordBackend, SyncBackend } from '../ports/backend.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { PhotoQueue } from '../ports/photos.ts';
import type { KeptStatements, WorkStore } from '../ports/work.ts';

export interface DrainPorts {
  readonly outbox: Outbox;
  readonly again: SendAgain;
  readonly work: WorkStore;
  readonly kept: KeptStatements;
  readonly backend: SyncBackend & AccordBackend;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** This page or worker, as lease owner. */
  readonly owner: string;
  /** Whether the browser promised not to clear this storage by itself. */
  readonly persisted?: () => Promise<boolean>;
  /** Photos, where there may be any. */
  readonly photos?: () => Promise<Pick<PhotoQueue, 'askAgain'>>;
  /** A person asked: back-off times do not count, other drains' leases still do. */
  readonly force?: boolean;
  /** Run under the lock that only one drain holds. */
  readonly alone?: boolean;
}
