import type { OrgName } from './issuer-name.ts';

/** A key by which a maker signs its lists, as an organisation accepted it. */
export interface MakerKey {
  readonly org: OrgName;
  readonly maker: string;
  /** SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly digest: string;
  readonly spki: Uint8Array;
  readonly addedAt: string;
  readonly addedBy: string;
}

export interface MakerKeys {
  live(org: OrgName): Promise<MakerKey[]>;
  add(key: MakerKey): Promise<void>;
  /** False if the key is not stored, or ended before. */
  end(org: OrgName, digest: string, at: string): Promise<boolean>;
}
