/**
 * `pending`: the device asked for a certificate for this key and has not shown it yet. `current`: the device has
 * shown it, so the device is known by this key. `former`: another key has replaced it. `dropped`: it was never shown,
 * and nobody waits for it any more.
 */
export type LineageState = 'pending' | 'current' | 'former' | 'dropped';

/** A key by which a device replaced another key, or one that was replaced. */
export interface LineageKey {
  /** SHA-256 of `spki`, base64url. */
  readonly keyDigest: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly maker: string;
  readonly udid: string;
  /** The binding in which it was asked for or replaced. */
  readonly binding: string;
  /** The CSR that it was asked for with, DER; null for a device's first key. */
  readonly request: Uint8Array | null;
  /**
   * Serial of the one certificate that was issued, or is about to be signed, while the key is pending; null for a
   * device's first key.
   */
  readonly serial: string | null;
  readonly state: LineageState;
  /** The key before was trusted at first use, so this one is no better anchored. */
  readonly firstUse: boolean;
  /** When the key came into this state. */
  readonly at: string;
}

/**
 * The keys of devices that changed theirs, over the whole installation and for good, since the maker's list goes on
 * naming the first one. Practice devices have none.
 */
export interface KeyLineages {
  /** The key's entry, in whatever state. */
  byKey(keyDigest: string): Promise<LineageKey | undefined>;
  /** Every key of a device. */
  ofDevice(maker: string, udid: string): Promise<LineageKey[]>;
  /** The pending key of a binding; at most one. */
  pendingOf(binding: string): Promise<LineageKey | undefined>;
  /** Writes the entry, replacing an earlier one for the same key. */
  put(key: LineageKey): Promise<void>;
  /**
   * Every former key, by its digest, with the key that its device is known by now. Leaves out keys that were trusted
   * at first use.
   */
  successors(limit: number): Promise<{ readonly former: string; readonly spki: Uint8Array }[]>;
}
