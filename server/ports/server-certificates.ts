/** The certificate that a CA gave this server by ACME, and what came of the last tries. All processes share it. */
export interface ServerCertificate {
  /** The name it is for. */
  readonly host: string;
  /** Number of the key it is for (ServerKeys); 0 before the first one came. */
  readonly n: number;
  /** PEM, this server's first; '' before the first one came. */
  readonly chain: string;
  /** Tries since the last one that was well. */
  readonly failures: number;
  /** When the next try is made; null if none failed. */
  readonly nextAt: string | null;
  /** Until when the CA asked to be left alone; null if it did not. */
  readonly askedUntil: string | null;
}

export interface ServerCertificates {
  of(host: string): Promise<ServerCertificate | undefined>;
  /** Keeps a newer one, and forgets the failures. */
  keep(certificate: Pick<ServerCertificate, 'host' | 'n' | 'chain'>): Promise<void>;
  /** Notes a failure; the certificate that is there stays. */
  failed(tries: Pick<ServerCertificate, 'host' | 'failures' | 'nextAt' | 'askedUntil'>): Promise<void>;
}

/** What a CA asks for to see that the name is ours. Any process answers, whichever ordered the certificate. */
export interface AcmeChallenge {
  readonly token: string;
  readonly kind: 'http-01' | 'tls-alpn-01';
  readonly host: string;
  /** The key authorization (RFC 8555 section 8.1), which is no secret. */
  readonly answer: string;
  /** After this nobody asks any more. */
  readonly until: string;
}

export interface AcmeChallenges {
  challenge(token: string): Promise<AcmeChallenge | undefined>;
  /** Those of one kind that are open. */
  open(kind: AcmeChallenge['kind'], now: string): Promise<AcmeChallenge[]>;
  /** Removes those that are over, too. */
  save(challenge: AcmeChallenge, now: string): Promise<void>;
  remove(token: string): Promise<void>;
}
