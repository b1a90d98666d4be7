/**
 * `pending`: asked for, and not shown yet. `current`: shown, so the key that its device is known by. `former`: gave way to
 * another one. `dropped`: never shown, and nobody waits for it any more.
 */
export type LineageState = 'pending' | 'current' | 'former' | 'dropped';

/** A key that a device took in the place of another one, or that gave way so. */
export interface LineageKey {
  /** SHA-256 of `spki`, base64url. */
  readonly keyDigest: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly maker: string;
  readonly udid: string;
  /** In which it was asked for, or gave way. */
  readonly binding: string;
  /** What it was asked for with, DER; null of a device's first key. */
  readonly request: Uint8Array | null;
  /** Of the one certificate that is there, or about to be signed, while it is pending; null of a device's first key. */
  readonly serial: string | null;
  readonly state: LineageState;
  /** What it follows was trusted at first use, so it is no better anchored than that. */
  readonly firstUse: boolean;
  /** When it came into this state. */
  readonly at: string;
}

/**
 * The keys of devices that changed theirs, over the whole installation and for good: the maker's list goes on naming the
 * first one. Devices of practice have none.
 */
export interface KeyLineages {
  /** Whose it is, whatever became of it. */
  byKey(keyDigest: string): Promise<LineageKey | undefined>;
  /** Every one of a device. */
  ofDevice(maker: string, udid: string): Promise<LineageKey[]>;
  /** The one that waits to be shown: one at most. */
  pendingOf(binding: string): Promise<LineageKey | undefined>;
  /** Writes it, in the place of what was said of the same key. */
  put(key: LineageKey): Promise<void>;
  /** Every key that gave way, by its digest, with the one that its device is known by now; none that was trusted at first use. */
  successors(limit: number): Promise<{ readonly former: string; readonly spki: Uint8Array }[]>;
}
