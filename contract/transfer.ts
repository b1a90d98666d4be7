import { Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { SuspensionReason } from './device-state.ts';
import { DomainName, Instant, Maker, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** A claim on a device, as its owner's desk sees it. Who claims learns nothing of the owner. */
export const TransferState = Obj({
  id: RecordId,
  openedAt: Instant,
  /** Title of the organisation that claims it. */
  claimant: Words(120),
  maker: Maker,
  udid: Udid,
  domain: DomainName,
  site: Maybe(Words(64)),
  suspended: Maybe(SuspensionReason),
  /** The first of four eyes: who offered to give it up. */
  offered: Maybe(Obj({ by: Words(120), name: Words(120), because: Words(300), at: Instant })),
});
export type TransferState = Static<typeof TransferState>;
export const TransferStates = Obj({ transfers: List(TransferState, { maxItems: 500 }) });

/** Giving up takes two persons, one after the other; refusing takes one. */
export const TransferDecision = Obj(
  {
    decision: OneOf('give_up', 'refuse'),
    because: Text({ minLength: 1, maxLength: 300, pattern: '\\S' }),
  },
  { additionalProperties: false },
);

/** `offered`: a second person has to say the same. */
export const TransferAnswer = Obj({ id: RecordId, result: OneOf('offered', 'given_up', 'refused') });
export type TransferAnswer = Static<typeof TransferAnswer>;
