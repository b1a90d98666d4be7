import { Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { CHECK_FAILURES, OUTCOME_CODES } from './codes.ts';
import { CheckResult, Location } from './registration.ts';
import { Digest, DomainName, Instant, Maker, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** A check that failed, where the device was submitted as found. */
export const FailedCheck = OneOf(...CHECK_FAILURES, 'voucher_wrong');

/** Where a device of this name stands already, or who else has it on a list, as far as this organisation may know. */
const Standing = Obj({
  domain: DomainName,
  domainTitle: Maybe(Words(120)),
  site: Maybe(Words(64)),
  siteTitle: Maybe(Words(120)),
  position: Maybe(Words(200)),
  boundAt: Instant,
});

/** What label, device and list said of it: three columns beside each other, so that a person sees where they differ. */
const Evidence = Obj({
  label: Obj({
    how: Words(32),
    kind: Words(32),
    names: List(Words(128), { maxItems: 16 }),
    model: Maybe(Words(128)),
  }),
  device: Obj({
    driver: Words(32),
    firmware: Maybe(Words(128)),
    names: List(Words(128), { maxItems: 16 }),
    model: Maybe(Words(128)),
    /** SHA-256 of its public key. */
    key: Digest,
  }),
  /** Absent where this organisation's list has no such device. `key` is absent where its row names none. */
  list: Maybe(
    Obj({
      names: List(Words(128), { maxItems: 16 }),
      model: Maybe(Words(128)),
      key: Maybe(Digest),
      order: Maybe(Words(64)),
    }),
  ),
  checks: List(CheckResult, { maxItems: 16 }),
});

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
  /** What is asked for, absent for a registration: its certificate was written, its place corrected, a record taken back, a site named. */
  kind: Maybe(OneOf('confirmation', 'amendment', 'void', 'site')),
  /** Where in the domain it was seen, as the record says. */
  site: Maybe(Words(64)),
  position: Maybe(Words(200)),
  siteTitle: Maybe(Words(120)),
  /** What the site was called that is to be renamed. */
  siteWas: Maybe(Words(120)),
  domainTitle: Maybe(Words(120)),
  model: Maybe(Words(128)),
  location: Maybe(Location),
  /** Why, in its author's words. */
  because: Maybe(Words(300)),
  /** What the rules said of it. */
  detail: Maybe(Words(300)),
  /** Absent for a claim on an own row: of another organisation's evidence its owner learns nothing. */
  evidence: Maybe(Evidence),
  /** Where this organisation has the device bound already. */
  stands: Maybe(Standing),
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
