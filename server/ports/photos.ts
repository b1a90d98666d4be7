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
    readonly at: string;
  }): Promise<void>;
  /** Appends the part that begins where the photo ends so far. */
  add(org: OrgName, digest: string, offset: number, data: Uint8Array): Promise<void>;
  /** All parts, in order. */
  data(org: OrgName, digest: string): Promise<Uint8Array>;
  keep(org: OrgName, digest: string, at: string): Promise<void>;
  /** The bytes do not match the digest: drops the parts, so that the upload begins anew. */
  dropParts(org: OrgName, digest: string): Promise<void>;
  /** Bytes that an organisation's photos take, counting what is still to come. */
  bytesOf(org: OrgName): Promise<number>;
}
