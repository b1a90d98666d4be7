import { Boolean as Flag, Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { OUTCOME_CODES } from './codes.ts';
import { Fingerprint } from './confirmation.ts';
import {
  CompactJws,
  DomainName,
  EraId,
  Instant,
  Maker,
  Maybe,
  OneOf,
  Pem,
  RecordId,
  Udid,
  Words,
} from './scalars.ts';

/** Place in the stream of changes; opaque to the page, never a secret. */
export const Cursor = Text({ pattern: '^[A-Za-z0-9_-]{0,64}$' });

/** An issued certificate on its way to a device. `chainPem` leads from the leaf's issuer up to, not including, the anchor. */
export const IssuedCertificate = Obj({
  fingerprint: Fingerprint,
  leafPem: Pem(8192),
  chainPem: Pem(16384),
  notBefore: Instant,
  notAfter: Instant,
});
export type IssuedCertificate = Static<typeof IssuedCertificate>;

/** What was decided of a record. `noted` is for records that bind nothing: confirmations, voids. */
export const OUTCOMES = ['bound', 'held', 'refused', 'noted'] as const;
export const Change = Obj({
  record: RecordId,
  outcome: OneOf(...OUTCOMES),
  code: Maybe(OneOf(...OUTCOME_CODES)),
  /** For people; keyed words come from the code. Tells nothing about another organisation. */
  detail: Maybe(Words(300)),
  /** The person who decided; absent where the rules did. */
  by: Maybe(Words(120)),
  at: Instant,
  maker: Maybe(Maker),
  udid: Maybe(Udid),
  domain: Maybe(DomainName),
  /** `true` until the device itself has shown the key's possession (static evidence only so far). */
  unproven: Maybe(Flag()),
  certificate: Maybe(IssuedCertificate),
});
export type Change = Static<typeof Change>;

export const Changes = Obj({
  nonce: Words(64),
  cursor: Cursor,
  more: Flag(),
  changes: List(Change, { maxItems: 500 }),
  /** Of the database that answers. A phone that knows another one asks what is missing (contract/era.ts). */
  era: Maybe(EraId),
  /** `anchor+jws`, a few minutes old at most. */
  anchor: Maybe(CompactJws(2048)),
});
export type Changes = Static<typeof Changes>;
