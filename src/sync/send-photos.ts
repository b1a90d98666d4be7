import { parse } from '../../contract/parse.ts';
import { PHOTO_PART_BYTES, PhotoKept } from '../../contract/photo.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { OutboxView } from '../ports/outbox.ts';
import type { PhotoBackend, PhotoQueue, PhotoToSend } from '../ports/photos.ts';
import type { WorkStore } from '../ports/work.ts';
import { backoff } from './backoff.ts';

interface PhotoUploadPorts {
  readonly photos: PhotoQueue;
  readonly work: Pick<WorkStore, 'enrolment' | 'statementKeys'>;
  readonly backend: PhotoBackend;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** A person asked: back-off times do not count. */
  readonly force: boolean;
}

const LOCK = 'fieldbind-photos';

type SharedUploadPorts = PhotoUploadPorts & {
  readonly outbox: Pick<OutboxView, 'summary' | 'subscribe'>;
};

/** One upload over all tabs and the worker; nothing happens where another one is at it. */
export async function uploadPhotos(ports: SharedUploadPorts, signal: AbortSignal): Promise<void> {
  if (navigator.locks === undefined) return sendUntilRecords(ports, signal);
  await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) =>
    lock === null ? undefined : sendUntilRecords(ports, signal),
  );
}

/**
 * Uploads until a record is saved in any tab; the outbox notifies all of them. Records set aside before do not stop
 * it.
 */
export async function sendUntilRecords(ports: SharedUploadPorts, signal: AbortSignal): Promise<void> {
  const { outbox } = ports;
  const records = new AbortController();
  const before = (await outbox.summary()).unsent;
  const look = async () => {
    if ((await outbox.summary()).unsent > before) records.abort();
  };
  // A storage failure is reported by the flow that needs the storage more.
  const stop = outbox.subscribe(() => void look().catch(() => undefined));
  try {
    await sendPhotos(ports, AbortSignal.any([signal, records.signal]));
  } finally {
    stop();
  }
}

/**
 * Photos go one after the other, in parts, from where the backend says that it stands. `signal` ends it at any byte, since
 * records always go first; the next time goes on from there. A photo is tried for ever, and its bytes leave this phone only
 * after the backend's statement key has signed for them.
 */
export async function sendPhotos(ports: PhotoUploadPorts, signal: AbortSignal): Promise<void> {
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) return;
  const keys = await ports.work.statementKeys();
  const tried = new Set<string>();
  while (!signal.aborted) {
    const next = await ports.photos.next(ports.clock.now(), ports.force, tried);
    if (next === undefined) return;
    tried.add(next.row.digest);
    const end = await sendOne(ports, next, { keys, aud: enrolment.credential.aud }, signal);
    if (end === 'stop') return;
  }
}

interface TrustedKeys {
  readonly keys: StatementKeys;
  readonly aud: string;
}

/** `stop`: the connection or the session failed, so that the next photo would fail too. */
async function sendOne(
  ports: PhotoUploadPorts,
  { row, record, data }: PhotoToSend,
  trusted: TrustedKeys,
  signal: AbortSignal,
): Promise<'next' | 'stop'> {
  const { photos, backend, crypto } = ports;
  const { digest } = row;
  if ((await crypto.digest(data)) !== digest) {
    await photos.finish(digest, 'broken', ports.clock.now());
    return 'next';
  }
  const part = (offset: number, bytes: Uint8Array) =>
    backend.sendPart({ record: record.id, digest, offset, data: toBase64Url(bytes) }, signal);
  // The backend may have parts of it already, from this phone or from a file: an empty part asks how many bytes.
  let answer = await part(0, new Uint8Array());
  let stood = -1;
  for (;;) {
    if (signal.aborted) return 'stop';
    if (!answer.ok) {
      const { failure } = answer;
      await later(ports, row, failure.kind === 'busy' ? failure.retryAfterMs : null);
      return failure.kind === 'refused' ? 'next' : 'stop';
    }
    const { have, kept } = answer.value;
    await photos.note(digest, { sent: Math.min(have, row.bytes) });
    if (kept !== undefined && (await holds(kept, row, record.org, trusted, crypto))) {
      await photos.finish(digest, 'kept', ports.clock.now());
      return 'next';
    }
    // No progress, or complete without a valid signature: the same request would get the same answer.
    if (have <= stood || have >= data.length) {
      await later(ports, row, null);
      return 'next';
    }
    stood = have;
    answer = await part(have, data.subarray(have, have + PHOTO_PART_BYTES));
  }
}

async function later(ports: PhotoUploadPorts, row: PhotoToSend['row'], named: number | null): Promise<void> {
  const random = (ports.crypto.random(1)[0] ?? 0) / 256;
  const nextAt = ports.clock.now() + backoff(row.attempts, random, named);
  await ports.photos.note(row.digest, { attempts: row.attempts + 1, nextAt });
}

/** A signature by an unknown statement key counts at the next try, because sending records fetches new keys. */
async function holds(
  kept: string,
  row: PhotoToSend['row'],
  org: string,
  { keys, aud }: TrustedKeys,
  crypto: CryptoPort,
): Promise<boolean> {
  const statement = await verifyStatement(kept, 'photo+jws', keys, crypto);
  const said = statement.ok ? parse(PhotoKept, statement.payload) : undefined;
  return said?.aud === aud && said.org === org && said.digest === row.digest && said.bytes === row.bytes;
}
