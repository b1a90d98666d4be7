import { Boolean as Flag, Array as List, Object as Obj, type Static } from 'typebox/type';
import { Cursor, IssuedCertificate } from './change.ts';
import { OUTCOME_CODES } from './codes.ts';
import { SuspensionReason } from './device-state.ts';
import { OperatorId } from './operator.ts';
import {
  Digest,
  DomainName,
  EraId,
  Instant,
  Maker,
  Maybe,
  OneOf,
  RecordId,
  SiteId,
  Udid,
  Words,
} from './scalars.ts';

/** Most devices and records in one answer. */
export const MOST_FIELD_ROWS = 200;

/** Where something stands, as people read it. `siteTitle` stands for a site that was closed too, which the pack does not have. */
const Somewhere = {
  domain: DomainName,
  site: Maybe(SiteId),
  siteTitle: Maybe(Words(120)),
  position: Maybe(Words(200)),
};

/**
 * A device of the organisation as a phone carries it: what stands where, and what it needs next. One for each maker and UDID:
 * the live binding, or else the one that ended last.
 */
export const FieldDevice = Obj({
  maker: Maker,
  udid: Udid,
  /** What else it is called: on its label, by itself, in the list. For searching. */
  names: List(Words(128), { maxItems: 16 }),
  model: Maybe(Words(128)),
  ...Somewhere,
  /** Digest of the place (core/place.ts): what an amendment or a move names as the one it knew. */
  place: Digest,
  /** When a correction or a move last put it there; absent where it stands as it was registered. */
  placedAt: Maybe(Instant),
  state: OneOf('issuing', 'issued', 'installed', 'shown', 'ended'),
  /** The record by which it stands there: its registration, or its move. */
  registration: RecordId,
  /** Who captured that, and when. */
  by: OperatorId,
  byName: Words(120),
  capturedAt: Instant,
  unproven: Flag(),
  /** Its firmware takes no certificate from an app. */
  takesNone: Maybe(Flag()),
  simulated: Maybe(Flag()),
  suspended: Maybe(Obj({ reason: SuspensionReason, at: Instant, by: Words(120) })),
  /** Why and when its binding ended, and who said so. */
  ended: Maybe(
    Obj({ code: OneOf(...OUTCOME_CODES), at: Instant, by: Maybe(Words(120)), because: Maybe(Words(300)) }),
  ),
  /** Of its newest certificate. */
  notAfter: Maybe(Instant),
  /** From when on it may be renewed by a visit. */
  renewFrom: Maybe(Instant),
  /**
   * While it waits to be written: no phone has confirmed it, and the device has neither taken it by a handshake with its key nor
   * shown it.
   */
  certificate: Maybe(IssuedCertificate),
});
export type FieldDevice = Static<typeof FieldDevice>;

/**
 * A registration that led to no binding yet, or to none. `settled`: it has been decided otherwise since, so it needs nobody.
 * Held ones of all people of the organisation, refused ones of the person who asks.
 */
export const FieldRecord = Obj({
  record: RecordId,
  maker: Maybe(Maker),
  udid: Udid,
  names: List(Words(128), { maxItems: 16 }),
  model: Maybe(Words(128)),
  ...Somewhere,
  outcome: OneOf('held', 'refused', 'settled'),
  code: Maybe(OneOf(...OUTCOME_CODES)),
  detail: Maybe(Words(300)),
  /** The person who decided; absent where the rules did. */
  decidedBy: Maybe(Words(120)),
  at: Instant,
  by: OperatorId,
  byName: Words(120),
  capturedAt: Instant,
  simulated: Maybe(Flag()),
});
export type FieldRecord = Static<typeof FieldRecord>;

/** What changed among an organisation's devices since a cursor. */
export const FieldDevices = Obj({
  /** Empty where the answer begins from the start: the phone forgets what it had of this organisation before it takes this one. */
  after: Cursor,
  cursor: Cursor,
  more: Flag(),
  devices: List(FieldDevice, { maxItems: MOST_FIELD_ROWS }),
  records: List(FieldRecord, { maxItems: MOST_FIELD_ROWS }),
  /** Of the database that answers. */
  era: Maybe(EraId),
});
export type FieldDevices = Static<typeof FieldDevices>;
