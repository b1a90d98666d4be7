/** A credential given out, to be activated by the one TPM that can. */
export interface TpmChallenge {
  readonly id: string;
  /** SHA-256 of the endorsement key, base64url. */
  readonly ek: string;
  /** SHA-256 of the secret inside, base64url. */
  readonly secret: string;
  /** Public area of the attestation key it was made for. */
  readonly ak: Uint8Array;
  readonly expiresAt: string;
}

/** What TPMs have shown. */
export interface Tpms {
  /** Keeps it, and forgets those that ended before `now`. */
  challenge(challenge: TpmChallenge, now: string): Promise<void>;
  /** Gives it once. */
  take(id: string): Promise<TpmChallenge | undefined>;
  /** This key was shown to live in the TPM with this endorsement key. */
  hold(ek: string, keyDigest: string, at: string): Promise<void>;
  holds(ek: string, keyDigest: string): Promise<boolean>;
}
