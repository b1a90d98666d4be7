import {
  Boolean as Flag,
  Integer,
  Array as List,
  Null,
  Object as Obj,
  type Static,
  String as Text,
  Union,
} from 'typebox/type';
import { Stretches } from './phone.ts';
import { Audience, CompactJws, Digest, EraId, Instant, Maybe, Pem, Words } from './scalars.ts';

/**
 * `era+jws`: the database was put back to an older copy, so numbers that others keep (cursors, places of a stream) speak of
 * another life. `copyAt` is the newest instant that the copy knows; what came after it until `at` is lost here.
 */
export const Era = Obj(
  { aud: Audience, era: EraId, before: Union([EraId, Null()]), copyAt: Instant, at: Instant },
  { additionalProperties: false },
);
export type Era = Static<typeof Era>;

/** `anchor+jws`: a short statement that proves a not-before, kept with the records that name it. */
export const Anchor = Obj({ aud: Audience, at: Instant }, { additionalProperties: false });
export type Anchor = Static<typeof Anchor>;

/** `POST /api/chains`: the newest number of every chain on this phone, sent or not. */
export const ChainsRequest = Obj(
  {
    nonce: Text({ pattern: '^[A-Za-z0-9_-]{16,64}$' }),
    chains: List(
      Obj(
        { kid: Digest, seq: Integer({ minimum: 0, maximum: 0xffffffff }) },
        { additionalProperties: false },
      ),
      {
        maxItems: 64,
      },
    ),
  },
  { additionalProperties: false },
);
export type ChainsRequest = Static<typeof ChainsRequest>;

/**
 * What the backend has of each chain, in the order asked. `known`: it knows the operator key. `more`: further numbers are
 * missing than the stretches name. `era` is absent in a database that was never put back to a copy.
 */
export const ChainsAnswer = Obj({
  nonce: Words(64),
  era: Maybe(CompactJws(2048)),
  chains: List(Obj({ kid: Digest, known: Flag(), missing: Stretches, more: Flag() }), { maxItems: 64 }),
});
export type ChainsAnswer = Static<typeof ChainsAnswer>;

export const MAX_HAND_BACK = 100;
const MAX_PACK_LENGTH = 3 * 1024 * 1024;
/**
 * `POST /api/hand-back`: what this backend signed and its older copy does not know. Each item proves itself by its own
 * signature, or counts for nothing. It is sent before the records that need it.
 */
export const HandBack = Obj(
  {
    /** Capture credentials, receipts, anchors and ends of statement keys; what vouches for keys stands beside them. */
    statements: List(CompactJws(8192), { maxItems: MAX_HAND_BACK }),
    /** Device certificates. */
    certificates: List(Pem(8192), { maxItems: MAX_HAND_BACK }),
    /** Work packs, for the CRL and the tombstones in them; left out where they are longer. */
    packs: List(CompactJws(MAX_PACK_LENGTH), { maxItems: 1 }),
  },
  { additionalProperties: false },
);
export type HandBack = Static<typeof HandBack>;

/** How many of each the backend took, known before or not. */
export const HandedBack = Obj({
  statements: Integer({ minimum: 0 }),
  certificates: Integer({ minimum: 0 }),
  /** Devices put on hold, since a list says that they were revoked. */
  holds: Integer({ minimum: 0 }),
});
export type HandedBack = Static<typeof HandedBack>;
