/** A CA's certificates; its key lies in the vault under the same name. */
export interface Authority {
  readonly name: string;
  /** Name of the root that signed it; null for a root. */
  readonly root: string | null;
  /** Certificate signed by the root (a root's own, signed by itself), DER. */
  readonly certificate: Uint8Array;
  /** Same key and subject, signed by itself, DER. */
  readonly anchor: Uint8Array;
  readonly notAfter: string;
}

export interface Authorities {
  authority(name: string): Promise<Authority | undefined>;
  authorities(): Promise<Authority[]>;
  saveAuthority(authority: Authority): Promise<void>;
}
