import { Object as Obj, type TSchema } from 'typebox/type';
import { Amendment } from '../../contract/amendment.ts';
import { Confirmation } from '../../contract/confirmation.ts';
import type { RecordType } from '../../contract/envelope.ts';
import { parse } from '../../contract/parse.ts';
import { NewRegistration } from '../../contract/registration.ts';
import { Instant, Maybe, RecordId, Udid } from '../../contract/scalars.ts';
import { SiteRecord } from '../../contract/site-record.ts';
import { Skip } from '../../contract/skip.ts';
import { Void } from '../../contract/void.ts';

/** The fields that a kind of record must have to be stored and answered, if it is not decided here yet. */
const AnyRecord = Obj({ id: RecordId, capturedAt: Instant, udid: Maybe(Udid) });
const OnlyId = Obj({ id: RecordId });

const SCHEMAS: Record<RecordType, TSchema> = {
  'registration+jws': NewRegistration,
  'confirmation+jws': Confirmation,
  'void+jws': Void,
  'amendment+jws': Amendment,
  'release+jws': AnyRecord,
  'transfer+jws': AnyRecord,
  'skip+jws': Skip,
  'site+jws': SiteRecord,
};

export interface PayloadFacts {
  readonly id: string;
  readonly capturedAt: string;
  /** Null if the record names no device. */
  readonly udid: string | null;
}

/** The facts that every record states; undefined if the payload does not fit its kind's schema. */
export function readPayload(typ: RecordType, payload: unknown): PayloadFacts | undefined {
  if (parse(SCHEMAS[typ], payload) === undefined) return undefined;
  const facts = parse(AnyRecord, payload);
  if (facts === undefined || Number.isNaN(Date.parse(facts.capturedAt))) return undefined;
  return { id: facts.id, capturedAt: facts.capturedAt, udid: facts.udid ?? null };
}

/** The record's id, which may be readable even if the rest does not fit. */
export function readId(payload: unknown): string | undefined {
  return parse(OnlyId, payload)?.id;
}
