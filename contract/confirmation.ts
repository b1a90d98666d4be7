import { Array as List, Object as Obj, type Static, String as Text } from 'typebox/type';
import { LinkKind } from './registration.ts';
import { DomainName, Instant, Maker, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** SHA-256 as lower-case hexadecimal: how people and openssl compare certificates. */
export const Fingerprint = Text({ pattern: '^[0-9a-f]{64}$' });

/**
 * `installed`: the certificate and what goes with it were written and read back. `digest` is of the exact bytes the
 * device says it stores. It proves what the operator saw, not that the device uses the certificate (`shown`).
 */
export const Confirmation = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    registration: RecordId,
    /** Absent where the phone could not tell; the list row decides. */
    maker: Maybe(Maker),
    udid: Udid,
    domain: DomainName,
    certificate: Fingerprint,
    link: LinkKind,
    written: List(
      Obj(
        { parts: List(OneOf('leaf', 'chain', 'anchor'), { minItems: 1, maxItems: 3 }), digest: Fingerprint },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 8 },
    ),
  },
  { additionalProperties: false },
);
export type Confirmation = Static<typeof Confirmation>;
