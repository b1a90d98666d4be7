/** A credential that was handed out, which only one TPM can activate. */
export interface TpmChallenge {
  readonly id: string;
  /** SHA-256 of the endorsement key, base64url. */
  readonly ek: string;
  /** SHA-256 of the secret inside, base64url. */
  readonly secret: string;
  /** Public area of the attestation key that the credential was made for. */
  readonly ak: Uint8Array;
  readonly expiresAt: string;
}

/** What TPMs have shown. */
export interface Tpms {
  /** Stores the challenge, and removes those that ended before `now`. */
  challenge(challenge: TpmChallenge, now: string): Promise<void>;
  /** Returns the challenge once, and removes it. */
  redeem(id: string): Promise<TpmChallenge | undefined>;
  /** Records that this key was shown to live in the TPM with this endorsement key. */
  recordKey(ek: string, keyDigest: string, at: string): Promise<void>;
  hasKey(ek: string, keyDigest: string): Promise<boolean>;
}
