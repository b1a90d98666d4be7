/** Sessions and enrolment nonces. Only SHA-256 of a token is stored, so a copy of the database signs nobody in. */
export interface StoredSession {
  /** SHA-256 of the cookie's token, base64url. */
  readonly hash: string;
  readonly operator: string;
  readonly expiresAt: string;
}

export interface Sessions {
  create(session: StoredSession): Promise<void>;
  find(hash: string): Promise<StoredSession | undefined>;
  remove(hash: string): Promise<void>;
  removeOf(operator: string): Promise<void>;
  saveNonce(nonceHash: string, sessionHash: string, expiresAt: string): Promise<void>;
  /** Uses the nonce up: true at most once, and only for the session that it was created for. */
  takeNonce(nonceHash: string, sessionHash: string, now: string): Promise<boolean>;
  /** Removes sessions and nonces that ended before `now`. */
  purge(now: string): Promise<void>;
}
