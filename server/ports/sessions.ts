/** Sessions and enrolment nonces. Only SHA-256 of a token is stored, so a copy of the database signs nobody in. */
export interface StoredSession {
  /** SHA-256 of the cookie's token, base64url. */
  readonly hash: string;
  readonly operator: string;
  readonly expiresAt: string;
}

/** Null in sessions that began before these were kept. */
export interface KnownSession extends StoredSession {
  readonly begunAt: string | null;
  readonly seenAt: string | null;
  /** Browser and system, as the person sees it; null in sessions of before it was kept. */
  readonly label: string | null;
}

export interface Sessions {
  create(
    session: StoredSession & {
      readonly begunAt?: string;
      readonly label?: string;
      /** Id of the passkey that was shown. */
      readonly passkey?: string | null;
    },
  ): Promise<void>;
  find(hash: string): Promise<KnownSession | undefined>;
  ofOperator(operator: string): Promise<KnownSession[]>;
  /** It was used at that time, and ends then if nobody uses it again. */
  touch(hash: string, at: string, expiresAt: string): Promise<void>;
  remove(hash: string): Promise<void>;
  /** All of a person's sessions; gives how many they were. */
  removeOf(operator: string): Promise<number>;
  /** All that were begun with this passkey. */
  removeBegunWith(passkey: string): Promise<void>;
  saveNonce(nonceHash: string, sessionHash: string, expiresAt: string): Promise<void>;
  /** Uses the nonce up: true at most once, and only for the session that it was created for. */
  takeNonce(nonceHash: string, sessionHash: string, now: string): Promise<boolean>;
  /** Removes sessions and nonces that ended before `now`. */
  purge(now: string): Promise<void>;
}
