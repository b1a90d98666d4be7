import type { OrgName } from './issuer-name.ts';

/** A photo of an organisation: how many of its bytes are stored, and since when it is complete. */
export interface StoredPhoto {
  readonly org: OrgName;
  readonly digest: string;
  readonly bytes: number;
  readonly have: number;
  readonly keptAt: string | null;
}

/** Photos by their digest, separate for each organisation: whoever asks must not learn what another one has. */
export interface Photos {
  photo(org: OrgName, digest: string): Promise<StoredPhoto | undefined>;
  begin(photo: {
    readonly org: OrgName;
    readonly digest: string;
    readonly bytes: number;
    /** Who brings it. */
    readonly operator: string;
    readonly at: string;
  }): Promise<void>;
  /** Appends the part that begins where the photo ends so far. */
  add(org: OrgName, digest: string, offset: number, data: Uint8Array, at: string): Promise<void>;
  /** All parts, in order. */
  data(org: OrgName, digest: string): Promise<Uint8Array>;
  keep(org: OrgName, digest: string, at: string): Promise<void>;
  /** The bytes do not match the digest: drops the parts, so that the upload begins anew. */
  dropParts(org: OrgName, digest: string): Promise<void>;
  /** Bytes that have come of an organisation's photos, or of those that one person brought. */
  bytesOf(org: OrgName, operator?: string): Promise<number>;
  /** Drops uploads of which nothing came since `before` and that are not complete, but for this one. */
  dropUnfinished(org: OrgName, before: string, but: string): Promise<void>;
}
