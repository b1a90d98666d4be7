import type { PublicJwk } from '../../contract/public-jwk.ts';

/** One of the keys that rescue files were sealed to. Its private half is a key file of the vault. */
export interface RescueKeyRow {
  readonly n: number;
  /** Thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  readonly from: string;
}

/** What opens rescue files. */
export interface RescueKeys {
  /** The key that files are sealed to now; undefined if its private half is not here, so that nothing could be opened. */
  current(): Promise<PublicJwk | undefined>;
  /** The secret that each key that is here shares with this one (ECDH), the newest first. */
  agree(other: PublicJwk): Promise<Uint8Array[]>;
}

/** What people do with these keys. `by`: for the trail. */
export interface RescueKeyCeremonies {
  /** Oldest first. */
  list(): Promise<readonly RescueKeyRow[]>;
  /** Makes the next one. The ones before go on opening what was sealed to them. */
  rotate(by: string): Promise<RescueKeyRow>;
  /** Removes a key and all before it: what was sealed to them is unreadable from then on. False if it is none of those before the newest. */
  end(n: number, by: string): Promise<boolean>;
}
