import type { RecordType } from '../../contract/envelope.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { sealRecord } from '../../core/envelope.ts';
import type { Capture, QueuedRecord } from '../ports/outbox.ts';
import type { Enrolment, NewestStatement, WorkStore } from '../ports/work.ts';

const LOCK = 'fieldbind-capture';
const TRIES = 5;

export interface CapturePorts {
  readonly capture: Capture;
  readonly work: WorkStore;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/** What a record is about, for its row in the outbox. */
export interface RecordSubject {
  readonly id: string;
  readonly org: string;
  readonly udid: string;
  readonly domain: string;
  readonly title: string;
  readonly about: string | null;
  readonly simulated: boolean;
  readonly takesCertificate?: boolean;
  readonly photos?: readonly string[];
  readonly place?: NonNullable<QueuedRecord['place']>;
  readonly maker?: string;
  readonly names?: readonly string[];
  readonly model?: string;
  readonly wrote?: string;
}

export class NotEnrolledError extends Error {
  override readonly name = 'NotEnrolledError';
  readonly code = 'not_enrolled';
}

/** Other tabs kept saving in between: nothing was written, and the same tap may well succeed now. */
class ChainBusyError extends Error {
  override readonly name = 'ChainBusyError';
  readonly code = 'chain_busy';
}

/**
 * Step 6: signs the payload as the next record of the chain and stores it durably. Resolves once it is on the phone.
 * WebCrypto cannot be awaited inside an IndexedDB transaction, so the head is read, signed after and checked again in
 * the writing transaction; the lock only keeps tabs from racing, the check is what holds.
 * Rejects with StorageError, NotEnrolledError or ChainBusyError.
 */
export async function captureRecord(
  ports: CapturePorts,
  typ: RecordType,
  subject: RecordSubject,
  payload: object,
): Promise<QueuedRecord> {
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) throw new NotEnrolledError();
  return withLock(async () => {
    for (let attempt = 1; ; attempt++) {
      const row = await sealAndStore(ports, enrolment, typ, subject, payload);
      if (row !== undefined) return row;
      if (attempt === TRIES) throw new ChainBusyError();
    }
  });
}

async function sealAndStore(
  ports: CapturePorts,
  enrolment: Enrolment,
  typ: RecordType,
  subject: RecordSubject,
  payload: object,
): Promise<QueuedRecord | undefined> {
  const { signer, credential, credentialDigest, epoch } = enrolment;
  const after = await ports.capture.head(signer.kid);
  const newest: NewestStatement = (await ports.work.newestStatement()) ?? { digest: credentialDigest };
  const context = { aud: credential.aud, org: subject.org, epoch, anchor: newest.digest };
  const sealed = await sealRecord(typ, payload, context, after, signer, ports.crypto);
  const row: QueuedRecord = {
    ...subject,
    operator: credential.operator,
    operatorName: credential.name,
    typ,
    state: 'saved',
    seq: sealed.head.seq,
    kid: signer.kid,
    digest: sealed.digest,
    size: sealed.jws.length,
    createdAt: ports.clock.now(),
    attempts: 0,
    nextAt: 0,
    leaseOwner: null,
    leaseUntil: 0,
    fault: null,
    code: null,
    detail: null,
    decidedAt: null,
    receivedAt: null,
    certificate: null,
    unproven: false,
  };
  const { digest, jws } = newest;
  const stored = await ports.capture.append({
    ...{ row, jws: sealed.jws, after, head: sealed.head },
    ...(jws === undefined ? {} : { anchor: { digest, jws } }),
  });
  return stored === 'stored' ? row : undefined;
}

function withLock<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks === undefined ? work() : navigator.locks.request(LOCK, work);
}
