import { Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { CHECK_FAILURES, OUTCOME_CODES } from './codes.ts';
import { DomainName, Instant, Maker, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** A check that failed, where the device was submitted as found. */
export const FailedCheck = OneOf(...CHECK_FAILURES, 'voucher_wrong');

/** A record that waits for a person. Four eyes: its author cannot decide it. */
export const HeldRecord = Obj({
  record: RecordId,
  code: OneOf(...OUTCOME_CODES),
  heldAt: Instant,
  capturedAt: Instant,
  operatorName: Words(120),
  maker: Maker,
  udid: Udid,
  domain: DomainName,
  /** Where in the domain it was seen, as the record says. */
  site: Maybe(Words(64)),
  position: Maybe(Words(200)),
  possession: OneOf('static', 'fresh'),
  check: Maybe(FailedCheck),
  /**
   * `own`: the list row is this organisation's and another one claims it, so approving releases the row.
   * `elsewhere`: the row is another organisation's, whose people decide; here it can be refused only.
   */
  row: Maybe(OneOf('own', 'elsewhere')),
  /** Title of the organisation that claims a row. */
  claimant: Maybe(Words(120)),
});
export type HeldRecord = Static<typeof HeldRecord>;
export const HeldRecords = Obj({ held: List(HeldRecord, { maxItems: 500 }) });

/** The reason goes on the audit trail beside the person's name, so blanks are none. */
export const ApprovalRequest = Obj(
  {
    decision: OneOf('approve', 'refuse'),
    reason: Text({ minLength: 1, maxLength: 300, pattern: '\\S' }),
  },
  { additionalProperties: false },
);
