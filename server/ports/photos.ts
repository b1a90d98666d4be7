/** A photo of an organisation: how much of it is here, and since when all of it is. */
export interface StoredPhoto {
  readonly org: string;
  readonly digest: string;
  readonly bytes: number;
  readonly have: number;
  readonly keptAt: string | null;
}

/** Named by their digest, each organisation's apart: who asks must not learn what another one holds. */
export interface Photos {
  photo(org: string, digest: string): Promise<StoredPhoto | undefined>;
  begin(photo: {
    readonly org: string;
    readonly digest: string;
    readonly bytes: number;
    readonly at: string;
  }): Promise<void>;
  /** The part that begins where the photo stands. */
  add(org: string, digest: string, offset: number, data: Uint8Array): Promise<void>;
  /** All parts, in order. */
  data(org: string, digest: string): Promise<Uint8Array>;
  keep(org: string, digest: string, at: string): Promise<void>;
  /** What came was not what it was called: it begins anew. */
  dropParts(org: string, digest: string): Promise<void>;
  /** Bytes that an organisation's photos take or will take. */
  bytesOf(org: string): Promise<number>;
}
