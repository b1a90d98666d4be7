import type { FieldDevice } from '../../contract/field-device.ts';
import { fromInstant } from '../../core/instant.ts';
import { isUnsent } from '../../core/record-state.ts';
import type { DeviceAtPlace, DeviceNeed } from '../ports/devices.ts';
import type { QueuedRecord } from '../ports/outbox.ts';

/** Taken back: as if it had never been. */
export function isGone(state: QueuedRecord['state'], code: string | null): boolean {
  return code === 'withdrawn' && (state === 'refused' || state === 'noted');
}

/** The newest registration of these that was not taken back. */
export function newestOf(own: readonly QueuedRecord[]): QueuedRecord | undefined {
  return own.findLast(({ typ, state, code }) => typ === 'registration+jws' && !isGone(state, code));
}

/**
 * What was captured here about it and is not decided, or was refused and is not read: corrections, visits that corrected and voids.
 * Of several of a kind the last one counts, for it answers those before. What was decided since the backend last told of the
 * device (`told`) stands on top too: decisions come first and the list of devices a moment later, or after days where the signal
 * ended in between.
 */
export function withOpenWork(
  row: DeviceAtPlace,
  own: readonly QueuedRecord[],
  told: FieldDevice | undefined,
): DeviceAtPlace {
  // Of a registration that was followed by another one, nothing is open any more.
  const about = own.filter(({ about: of }) => of !== null && (of === row.registration || of === row.record));
  const amendments = about.filter(({ typ }) => typ === 'amendment+jws');
  const visit = newestOf(own);
  let now = row;
  for (const one of own) {
    const isAmendment = amendments.includes(one);
    const isDecided = isAmendment ? one.state === 'noted' : one === visit && hasCorrected(one, told);
    // Once it tells of them, the backend's word has those that were decided, and what others changed since.
    if ((isAmendment && isOpen(one)) || (isDecided && !hasPlaceOf(told, one))) now = placed(now, one);
  }
  const [correction, taken] = [amendments.at(-1), about.findLast(({ typ }) => typ === 'void+jws')];
  if (correction !== undefined) {
    if (isOpen(correction)) now = { ...now, correcting: true, need: waitsAs(now, correction) };
    else if (isUnread(correction))
      now = refusedAs(now, correction, correction.code === 'place_conflict' ? 'conflict' : 'refused');
  }
  // A correction that came after it has answered it. A move to another domain is made anew, for no correction leads there.
  const isAnswered =
    correction !== undefined && visit !== undefined && own.indexOf(correction) > own.indexOf(visit);
  const stands = told !== undefined && now.registration !== undefined && now.standing !== 'ended';
  if (visit !== undefined && stands && !isAnswered && isPlaceConflict(visit) && isUnread(visit))
    now = refusedAs(now, visit, visit.domain === now.domain ? 'conflict' : 'refused');
  if (taken !== undefined) {
    const isUndone = taken.state === 'noted' && taken.about === told?.registration && told?.state !== 'ended';
    if (isOpen(taken) || isUndone) now = { ...now, undoing: true, need: waitsAs(now, taken) };
    else if (isUnread(taken)) now = refusedAs(now, taken, 'refused');
  }
  // The word that it was written: until it is sent and taken, nobody else knows.
  const confirmed = about.findLast((one) => one.typ === 'confirmation+jws' && isOpen(one));
  if (confirmed !== undefined) now = { ...now, need: waitsAs(now, confirmed) };
  const stuck = own.findLast(({ state, read }) => state === 'rejected' && read !== true);
  return stuck === undefined ? now : refusedAs(now, stuck, 'rejected');
}

export function isPlaceConflict({ state, code }: QueuedRecord): boolean {
  return state === 'refused' && code === 'place_conflict';
}

/** Whether this visit found the device that the backend tells of, and put it right. A move or a renewal is a newer word by itself. */
function hasCorrected(visit: QueuedRecord, told: FieldDevice | undefined): boolean {
  const { corrects, code, domain, createdAt } = visit;
  const isOfIt = domain === told?.domain && createdAt > fromInstant(told.capturedAt);
  return isOfIt && corrects === true && code === 'same_install';
}

/** Whether what the backend tells is from after this correction was noted. Both times are the backend's. */
function hasPlaceOf(told: FieldDevice | undefined, { decidedAt }: QueuedRecord): boolean {
  if (told === undefined) return false;
  return decidedAt === null || (told.placedAt !== undefined && told.placedAt >= decidedAt);
}

function isOpen({ state }: QueuedRecord): boolean {
  return isUnsent(state) || state === 'received' || state === 'held';
}

function isUnread({ state, read }: QueuedRecord): boolean {
  return state === 'refused' && read !== true;
}

function waitsAs({ need }: DeviceAtPlace, { state }: QueuedRecord): DeviceNeed {
  return need === 'none' ? (state === 'held' ? 'held' : 'send') : need;
}

function placed(row: DeviceAtPlace, { place, createdAt }: QueuedRecord): DeviceAtPlace {
  const { site: _site, siteTitle: _title, position: _position, ...rest } = row;
  return {
    ...rest,
    ...(place?.site === undefined ? {} : { site: place.site }),
    ...(place?.siteTitle === undefined ? {} : { siteTitle: place.siteTitle }),
    ...(place?.position === undefined ? {} : { position: place.position }),
    place: place?.digest ?? row.place,
    at: Math.max(row.at, createdAt),
  };
}

function refusedAs(row: DeviceAtPlace, record: QueuedRecord, need: DeviceNeed): DeviceAtPlace {
  return {
    ...row,
    need,
    code: record.code,
    because: record.detail,
    decidedBy: record.decidedBy ?? null,
    decidedAt: record.decidedAt === null ? null : fromInstant(record.decidedAt),
    record: record.id,
  };
}
