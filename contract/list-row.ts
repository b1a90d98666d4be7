import { Boolean as Flag, Integer, Array as List, Object as Obj, type Static } from 'typebox/type';
import { Base64Url, Digest, Maker, Maybe, OneOf, Udid, Words } from './scalars.ts';

export const ANCHORS = ['key', 'voucher', 'udid-only'] as const;
export const Anchor = OneOf(...ANCHORS);
export type Anchor = (typeof ANCHORS)[number];

/**
 * One device of the maker's list. `publicKey` (SubjectPublicKeyInfo, DER, base64url) stands with anchor `key`;
 * a `udid-only` row binds nothing by itself.
 */
export const ListRow = Obj(
  {
    maker: Maker,
    udid: Udid,
    aliases: List(Words(128), { maxItems: 16 }),
    anchor: Anchor,
    publicKey: Maybe(Base64Url(1024)),
    /** What vouches for the key, with anchor `voucher`. Where several are named, all of them must. */
    voucher: Maybe(
      Obj(
        {
          /** SHA-256 of the maker's CA that the device's certificate leads to, and of that certificate itself. */
          ca: Maybe(Digest),
          certificate: Maybe(Digest),
          /** SHA-256 of the device's own key (SubjectPublicKeyInfo, DER). */
          key: Maybe(Digest),
          /** Keys (the same form, base64url) of which one signs what this device attests; two where only a signature was to hand. */
          attestation: Maybe(List(Base64Url(256), { minItems: 1, maxItems: 2 })),
          /** SHA-256 of its TPM's endorsement key (the same form). */
          tpm: Maybe(Digest),
        },
        { additionalProperties: false },
      ),
    ),
    model: Maybe(Words(128)),
    order: Maybe(Words(64)),
    /** What an earlier maker called this device, which handed it on. */
    derivedFrom: Maybe(Obj({ maker: Maker, udid: Udid }, { additionalProperties: false })),
    /** Stale: the row was unused for so long that a person must approve before the device binds. */
    stale: Maybe(Flag()),
  },
  { additionalProperties: false },
);
export type ListRow = Static<typeof ListRow>;

export const ListImport = Obj(
  { rows: List(ListRow, { minItems: 1, maxItems: 100 }) },
  { additionalProperties: false },
);
export const ListImportResult = Obj({
  imported: Integer(),
  unchanged: Integer(),
  errors: List(Obj({ row: Integer(), code: Words(32), detail: Words(256) })),
});
export type ListImportResult = Static<typeof ListImportResult>;
