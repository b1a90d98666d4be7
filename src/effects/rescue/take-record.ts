import { Object as Obj } from 'typebox/type';
import { parse } from '../../../contract/parse.ts';
import { DomainName, Instant, Maybe, RecordId, Udid, Words } from '../../../contract/scalars.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { openRecord } from '../../../core/envelope.ts';
import type { Journal, OutboxIntake, OutboxUpkeep } from '../../ports/keeping.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import type { TakeOutcome } from '../../ports/rescue.ts';
import type { WorkStore } from '../../ports/work.ts';
import { recordCode, recordOfCode } from './record-code.ts';

/** What a row needs of the payload; the rest of it is the backend's to read. */
const Subject = Obj({
  id: RecordId,
  capturedAt: Instant,
  /** A site's record names no device. */
  udid: Maybe(Udid),
  domain: Maybe(DomainName),
  registration: Maybe(RecordId),
  of: Maybe(RecordId),
  device: Maybe(Obj({ link: Words(32) })),
});

export interface TakePorts {
  readonly outbox: OutboxIntake;
  readonly journal: () => Promise<Journal | undefined>;
  readonly work: Pick<WorkStore, 'enrolment'>;
  readonly crypto: CryptoPort;
}

/**
 * A colleague's record, read from their screen, goes into this phone's outbox as it is and is sent with its next batch. It
 * stays the colleague's: their signature is on it, and the backend notes who carried it. Whether it is theirs only the
 * backend can tell, so it touches nothing but itself, and what claims to be signed by this phone's key is not taken at all.
 */
export async function takeRecord(ports: TakePorts, text: string): Promise<TakeOutcome> {
  const jws = await recordOfCode(text);
  const opened = jws === undefined ? undefined : await openRecord(jws, ports.crypto);
  if (jws === undefined || opened?.ok !== true) return { kind: 'not_a_record' };
  const { header, digest } = opened;
  const subject = parse(Subject, opened.jws.payload);
  if (subject === undefined) return { kind: 'not_a_record' };
  const enrolment = await ports.work.enrolment();
  if (header.aud !== enrolment?.credential.aud) return { kind: 'other_installation' };
  const { id, udid = '', domain = '', capturedAt, device } = subject;
  const { typ, org, seq, kid } = header;
  const row: QueuedRecord = {
    ...{ id, typ, org, udid, domain, seq, kid, digest },
    state: 'saved',
    title: '',
    size: jws.length,
    createdAt: Date.parse(capturedAt),
    attempts: 0,
    nextAt: 0,
    leaseOwner: null,
    leaseUntil: 0,
    fault: null,
    about: subject.registration ?? subject.of ?? null,
    simulated: device?.link === 'simulated',
    code: null,
    detail: null,
    decidedAt: null,
    receivedAt: null,
    certificate: null,
    unproven: false,
    origin: 'code',
  };
  const kind = kid === enrolment.signer.kid ? 'own' : await ports.outbox.take({ row, jws });
  if (kind === 'taken')
    void ports
      .journal()
      .then((open) => open?.keep({ row, jws }))
      .catch(() => undefined);
  return { kind, udid };
}

/**
 * The record at this place among the unsent, the oldest first, and its code. Not the `skip` of a number: it names no device,
 * and nobody would take it; it goes when this phone sends.
 */
export async function codeAt(outbox: Pick<OutboxUpkeep, 'unsent'>, at: number) {
  const entries = (await outbox.unsent()).filter(({ row }) => row.typ !== 'skip+jws');
  const entry = entries[at] ?? entries[0];
  if (entry === undefined) return undefined;
  return { of: entries.length, udid: entry.row.udid, code: await recordCode(entry.jws) };
}
