import type { FieldDevice, FieldRecord } from '../../contract/field-device.ts';
import { fromInstant } from '../../core/instant.ts';
import { certificateWaits, isUnsent } from '../../core/record-state.ts';
import { DEVICE_NEEDS, type DeviceAtPlace, type DeviceNeed, type DeviceStanding } from '../ports/devices.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import { isGone, isPlaceConflict, newestOf, withOpenWork } from './device-open-work.ts';
import { inTime } from './record-time.ts';

/** Everything that this phone knows of one device in one organisation. Their order says nothing. */
export interface DeviceSources {
  /** Records of all people of this phone. */
  readonly records: readonly QueuedRecord[];
  /** What the backend said: a device for each maker that uses this name. */
  readonly devices: readonly FieldDevice[];
  readonly reports: readonly (FieldRecord & { readonly read?: boolean })[];
}

export interface Reader {
  readonly operator: string;
  /** Milliseconds since 1970: when a certificate becomes due. */
  readonly now: number;
}

/** Codes by which a registration was answered because its binding has ended, or because somebody took it back. */
const ENDED: ReadonlySet<string | null> = new Set(['retired', 'replaced', 'given_up', 'practice_ended']);

/**
 * One row for a device, whoever wrote what in which order: a function of the sources alone, so that a row that is made anew is
 * the same. Own work that is not decided yet stands on top of what the backend says; of two decisions the newer one counts.
 * Where devices of several makers go by the name, the one that needs somebody most has the row, which names the others. Undefined
 * where nothing of it is this person's to see.
 */
export function foldDevice(sources: DeviceSources, reader: Reader): DeviceAtPlace | undefined {
  const living = sources.devices.filter(({ state }) => state !== 'ended');
  if (living.length < 2) return foldOne(sources, reader);
  const makers = new Set(living.map(({ maker }) => maker));
  const { records, reports, devices } = sources;
  // Of each maker what is said of it, and what names none; of those that have no living device, all together.
  const groups = [...makers, undefined].map((of) => {
    const isOf = ({ maker }: { readonly maker?: string }) =>
      of === undefined ? maker !== undefined && !makers.has(maker) : maker === undefined || maker === of;
    return { devices: devices.filter(isOf), records: records.filter(isOf), reports: reports.filter(isOf) };
  });
  const last = newestOf(inTime(records).filter(({ operator }) => operator === reader.operator))?.maker;
  // The most urgent need, then the maker of what was captured here last, then the newest.
  const rank = ({ need, maker = '', at }: DeviceAtPlace) =>
    `${9 - DEVICE_NEEDS.indexOf(need)}${maker === last ? 1 : 0}${String(at).padStart(16, '0')}${maker}`;
  const row = groups
    .map((group) => foldOne(group, reader))
    .reduce((best, one) =>
      one === undefined || (best !== undefined && rank(best) >= rank(one)) ? best : one,
    );
  const alike = living.filter(({ maker }) => maker !== row?.maker).map(aliasOf);
  return row && { ...row, alike: alike.sort((x, y) => (x.maker < y.maker ? -1 : 1)) };
}

function foldOne(sources: DeviceSources, reader: Reader): DeviceAtPlace | undefined {
  const all = inTime(sources.records);
  const own = all.filter(({ operator }) => operator === reader.operator);
  const newest = newestOf(own);
  const told = pickDevice(sources.devices, newest?.maker);
  // What somebody was refused is theirs to read.
  const reports = sources.reports.filter(({ outcome, by }) => outcome === 'held' || by === reader.operator);
  const takenBack = new Set(own.filter(({ state, code }) => isGone(state, code)).map(({ id }) => id));
  const report = pickReport(
    reports.filter(({ record }) => !takenBack.has(record)),
    newest,
  );
  const base = baseOf({ newest, told, report, operator: reader.operator });
  if (base === undefined) return undefined;
  const row = withWaiting({ base, own, all, told, now: reader.now });
  return withOpenWork(row, own, told?.registration === base.registration ? told : undefined);
}

function aliasOf(one: FieldDevice) {
  const { udid: _udid, ...where } = somewhere(one);
  return { maker: one.maker, standing: one.state, ...where };
}

/** The device that lives, else the one of this maker, else the one that was captured last. */
function pickDevice(devices: readonly FieldDevice[], maker: string | undefined): FieldDevice | undefined {
  const rank = (one: FieldDevice) =>
    `${one.state === 'ended' ? 0 : 1}${one.maker === maker ? 1 : 0}${one.capturedAt}${one.maker}`;
  return devices.reduce<FieldDevice | undefined>(
    (best, one) => (best === undefined || rank(one) > rank(best) ? one : best),
    undefined,
  );
}

type Report = DeviceSources['reports'][number];

/** The newest that the phone does not know better by its own record. */
function pickReport(reports: readonly Report[], newest: QueuedRecord | undefined): Report | undefined {
  return reports
    .filter(({ outcome, record }) => outcome !== 'settled' && record !== newest?.id)
    .reduce<Report | undefined>(
      (best, one) =>
        best === undefined || `${one.capturedAt}${one.record}` > `${best.capturedAt}${best.record}`
          ? one
          : best,
      undefined,
    );
}

/** What stands where, before the work that is still open. */
function baseOf(of: {
  readonly newest: QueuedRecord | undefined;
  readonly told: FieldDevice | undefined;
  readonly report: Report | undefined;
  readonly operator: string;
}): DeviceAtPlace | undefined {
  const { newest, told, report, operator } = of;
  const reportAt = report === undefined ? -Infinity : fromInstant(report.capturedAt);
  const ownAt = newest === undefined ? -Infinity : newest.createdAt;
  if (told !== undefined && !speaksOver(newest, told)) {
    const device = ofDevice(told, operator);
    // What was refused and read of changes nothing about a device that stands.
    if (report === undefined || report.read === true || reportAt <= lastOf(told)) return device;
    // A registration of a device that stands: what stands stays, and the row says that somebody has to decide.
    return { ...device, ...decisionOf(report), mine: report.by === operator };
  }
  if (newest !== undefined && ownAt >= reportAt) {
    const row = ofRecord(newest);
    if (told === undefined || told.state === 'ended') return row;
    return waitsOrFailed(newest)
      ? { ...ofDevice(told, operator), ...answerOf(row) }
      : { ...row, ...keptOf(told) };
  }
  return report === undefined ? undefined : { ...ofReport(report), mine: report.by === operator };
}

/** The backend has answered, and it is no binding: whatever stands goes on standing where it stood. */
function waitsOrFailed({ state }: QueuedRecord): boolean {
  return state === 'held' || state === 'refused';
}

function answerOf(row: DeviceAtPlace) {
  const { standing, need, code, because, decidedBy, decidedAt, record, byName, mine, at } = row;
  return {
    ...{ standing, need, code, because, decidedBy, decidedAt, mine, at },
    ...(record === undefined ? {} : { record }),
    ...(byName === undefined ? {} : { byName }),
  };
}

/** Whether the phone's own registration is newer than what the backend said of the device. */
function speaksOver(newest: QueuedRecord | undefined, told: FieldDevice): newest is QueuedRecord {
  if (newest === undefined) return false;
  const { state, createdAt, code, decidedAt, certificate } = newest;
  if (isUnsent(state) || state === 'received' || state === 'rejected') return true;
  if (told.registration === newest.id) return false;
  if (told.state === 'ended') {
    const endedAt = fromInstant(told.ended?.at ?? told.capturedAt);
    return decidedAt !== null && fromInstant(decidedAt) > endedAt && !ENDED.has(code);
  }
  // Who found it elsewhere than it stands by now changed nothing; what they have to say of it stands on top (withOpenWork).
  if (isPlaceConflict(newest)) return false;
  if (state === 'held' || state === 'refused') return createdAt > lastOf(told) && newest.read !== true;
  const binds = code === null || code === 'moved';
  if (binds) return createdAt > fromInstant(told.capturedAt);
  // Renewed: the backend's word may be from before.
  return certificate !== null && told.notAfter !== undefined && certificate.notAfter > told.notAfter;
}

function speaksAfter({ createdAt }: QueuedRecord, told: FieldDevice): boolean {
  return told.state !== 'ended' && createdAt > lastOf(told);
}

function lastOf(told: FieldDevice): number {
  return fromInstant(told.ended?.at ?? told.capturedAt);
}

/** What the backend knows better of a device that is registered anew. */
function keptOf({ maker, names, model }: FieldDevice): Partial<DeviceAtPlace> {
  return { maker, names, ...(model === undefined ? {} : { model }) };
}

function ofDevice(told: FieldDevice, operator: string): DeviceAtPlace {
  const { ended, suspended, state, certificate } = told;
  return {
    ...somewhere(told),
    maker: told.maker,
    names: told.names,
    place: told.place,
    standing: state,
    need: state === 'ended' ? 'ended' : 'none',
    code: ended?.code ?? null,
    because: ended?.because ?? null,
    decidedBy: ended?.by ?? null,
    decidedAt: ended === undefined ? null : fromInstant(ended.at),
    ...(suspended === undefined ? {} : { suspended: suspended.reason }),
    registration: told.registration,
    byName: told.byName,
    mine: told.by === operator,
    correcting: false,
    undoing: false,
    ...(certificate === undefined ? {} : { certificate }),
    ...(told.notAfter === undefined ? {} : { notAfter: told.notAfter }),
    ...(told.renewFrom === undefined ? {} : { renewFrom: told.renewFrom }),
    takesCertificate: told.takesNone !== true,
    simulated: told.simulated === true,
    unproven: told.unproven,
    at: lastOf(told),
    org: '',
  };
}

type Somewhere = Pick<FieldDevice, 'udid' | 'model' | 'domain' | 'site' | 'siteTitle' | 'position'>;

function somewhere({ udid, model, domain, site, siteTitle, position }: Somewhere) {
  return {
    udid,
    domain,
    ...(model === undefined ? {} : { model }),
    ...(site === undefined ? {} : { site }),
    ...(siteTitle === undefined ? {} : { siteTitle }),
    ...(position === undefined ? {} : { position }),
  };
}

/** What somebody's registration says of a device that stands nowhere yet, or that stands already. */
function decisionOf(report: Report) {
  const { outcome, code = null, detail, decidedBy, at, record, byName } = report;
  const claimed = code === 'transfer_case';
  const held = outcome === 'held';
  const isRead = report.read === true;
  const standing: DeviceStanding = claimed ? 'claimed' : held ? 'held' : 'refused';
  const need: DeviceNeed = claimed ? 'claimed' : held ? 'held' : isRead ? 'none' : 'refused';
  return {
    standing,
    need,
    code,
    because: detail ?? null,
    decidedBy: decidedBy ?? null,
    decidedAt: fromInstant(at),
    record,
    byName,
    at: fromInstant(at),
  };
}

function ofReport(report: Report): DeviceAtPlace {
  return {
    ...somewhere(report),
    ...(report.maker === undefined ? {} : { maker: report.maker }),
    names: report.names,
    place: '',
    mine: false,
    correcting: false,
    undoing: false,
    takesCertificate: true,
    simulated: report.simulated === true,
    unproven: false,
    org: '',
    ...decisionOf(report),
  };
}

function ofRecord(row: QueuedRecord): DeviceAtPlace {
  const { place, model, maker, decidedAt, certificate, state } = row;
  const { standing, need } = stateOf(row);
  return {
    org: row.org,
    ...somewhere({
      udid: row.udid,
      domain: row.domain,
      ...(model === undefined ? {} : { model }),
      ...place,
    }),
    ...(maker === undefined ? {} : { maker }),
    names: row.names ?? [],
    place: place?.digest ?? '',
    standing,
    need,
    code: row.code,
    because: row.detail,
    decidedBy: row.decidedBy ?? null,
    decidedAt: decidedAt === null ? null : fromInstant(decidedAt),
    record: row.id,
    ...(state === 'bound' || state === 'installed' ? { registration: row.id } : {}),
    ...(row.operatorName === undefined ? {} : { byName: row.operatorName }),
    mine: true,
    correcting: false,
    undoing: false,
    ...(certificate === null ? {} : { notAfter: certificate.notAfter }),
    takesCertificate: row.takesCertificate !== false,
    simulated: row.simulated,
    unproven: row.unproven,
    at: Math.max(row.createdAt, decidedAt === null ? 0 : fromInstant(decidedAt)),
    ...(certificateWaits(row) && certificate !== null ? { certificate } : {}),
  };
}

function stateOf({ state, code, read }: QueuedRecord): {
  readonly standing: DeviceStanding;
  readonly need: DeviceNeed;
} {
  switch (state) {
    case 'saved':
    case 'sending':
      return { standing: 'saved', need: 'send' };
    case 'received':
      return { standing: 'undecided', need: 'send' };
    case 'rejected':
      return read === true
        ? { standing: 'refused', need: 'none' }
        : { standing: 'undecided', need: 'rejected' };
    case 'held':
      return code === 'transfer_case'
        ? { standing: 'claimed', need: 'claimed' }
        : { standing: 'held', need: 'held' };
    case 'refused':
    case 'noted':
      if (code === 'transfer_case') return { standing: 'claimed', need: 'claimed' };
      if (ENDED.has(code)) return { standing: 'ended', need: 'ended' };
      return { standing: 'refused', need: read === true ? 'none' : 'refused' };
    case 'bound':
      return { standing: 'issued', need: 'none' };
    case 'installed':
      return { standing: 'installed', need: 'none' };
  }
}

/** A certificate that waits, unless anybody wrote it with this phone; then what is due. */
function withWaiting(of: {
  readonly base: DeviceAtPlace;
  readonly own: readonly QueuedRecord[];
  readonly all: readonly QueuedRecord[];
  readonly told: FieldDevice | undefined;
  readonly now: number;
}): DeviceAtPlace {
  const { base, own, all, told, now } = of;
  const last = own.at(-1);
  const newest = newestOf(own);
  const here = {
    ...base,
    ...(last === undefined ? {} : { org: last.org }),
    // Where an answer stands on top, its record is the one that the row speaks of.
    ...(newest === undefined || base.record !== undefined ? {} : { record: newest.id }),
  };
  if (here.need !== 'none') return here;
  // A visit to a device that stands is answered with the certificate that it should have: whoever finds it gone can write it again.
  const isAgain =
    newest?.code === 'same_install' &&
    certificateWaits(newest) &&
    told !== undefined &&
    speaksAfter(newest, told);
  const again = isAgain && newest.certificate !== null ? { certificate: newest.certificate } : {};
  const { certificate, ...rest } = here;
  if (certificate !== undefined) {
    const wasWritten = all.some(
      ({ typ, wrote, state }) =>
        typ === 'confirmation+jws' && state !== 'refused' && wrote === certificate.fingerprint,
    );
    const knowsWritten =
      newest?.state === 'installed' && newest.certificate?.fingerprint === certificate.fingerprint;
    if (wasWritten || knowsWritten)
      return { ...rest, ...again, standing: rest.standing === 'shown' ? 'shown' : 'installed' };
    return here.takesCertificate ? { ...here, need: 'write' } : here;
  }
  const from = told?.renewFrom;
  const isLive = rest.standing === 'installed' || rest.standing === 'shown' || rest.standing === 'issued';
  return from !== undefined && isLive && fromInstant(from) <= now
    ? { ...rest, need: 'renew' }
    : { ...rest, ...again };
}
