import {
  Boolean as Flag,
  Integer,
  Array as List,
  Null,
  Object as Obj,
  type Static,
  Union,
} from 'typebox/type';
import { Digest, Instant, Maybe, Uuid, Words } from './scalars.ts';

/** Most stretches that an answer names. */
export const MOST_STRETCHES = 200;
const Place = Integer({ minimum: 1, maximum: 0xffffffff });
/** Numbers of one chain, first and last of each unbroken stretch. */
export const Stretches = List(Obj({ from: Place, to: Place }, { additionalProperties: false }), {
  maxItems: MOST_STRETCHES,
});
export type Stretches = Static<typeof Stretches>;

/**
 * `POST /api/phone-losses`: a phone says that the browser cleared its storage, as far as its marker outside that storage
 * remembers. `kid` is the lost operator key: the chain ends with it.
 */
export const LossReport = Obj(
  {
    kid: Digest,
    epoch: Uuid,
    /** Newest number signed, and those that had no receipt when the marker was last written. */
    head: Integer({ minimum: 0, maximum: 0xffffffff }),
    unsent: Stretches,
    lastSeenAt: Instant,
    foundAt: Instant,
  },
  { additionalProperties: false },
);
export type LossReport = Static<typeof LossReport>;

/** What is known of one phone: its chain as it last said it stands, and what of that never came. */
export const PhoneState = Obj({
  kid: Digest,
  operatorName: Words(120),
  /** Newest number the phone reported, when, and what still waited on it. */
  head: Integer({ minimum: 0 }),
  reportedAt: Instant,
  unsent: Integer({ minimum: 0 }),
  oldestUnsentAt: Maybe(Instant),
  persisted: Maybe(Flag()),
  /** Below the reported head, not here, and not explained by a `skip`. */
  missing: Stretches,
  /** Missing for longer than a phone at work may need: somebody should ask. */
  alarm: Flag(),
  lost: Union([Null(), Obj({ unsent: Stretches, lastSeenAt: Instant, foundAt: Instant })]),
});
export type PhoneState = Static<typeof PhoneState>;
export const PhoneStates = Obj({ phones: List(PhoneState, { maxItems: 1000 }) });
export type PhoneStates = Static<typeof PhoneStates>;
