import type { SecureContext } from 'node:tls';
import type { ServerClock } from '../ports/server-clock.ts';
import type { ServerPair } from './server-pair.ts';

/** How often a source is looked at, milliseconds. */
export const LOOK = 2_000;

/** Where this server's certificate comes from: files, or a CA that speaks ACME. */
export interface CertificateSource {
  /** What is shown to whoever connects; undefined while there is none. */
  current(): ServerPair | undefined;
  /** Calls `listener` when there is a newer one, before anybody is told that it is in use. */
  onNewest(listener: () => void): void;
  /**
   * Looks whether there is a newer one, and orders one where it may and that is due. Called every few seconds; rejects if the
   * database does not answer.
   */
  look(mayOrder: boolean): Promise<void>;
  /** What a CA is shown that asks for this name by tls-alpn-01 (RFC 8737); undefined if none asked for it. */
  challenge(name: string): SecureContext | undefined;
  /** Stops what is under way. */
  close(): Promise<void>;
}

/** What sources need of the server. */
export interface SourceParts {
  readonly clock: ServerClock;
  /** Says a sentence to whoever runs this server. */
  readonly say: (sentence: string) => void;
  /** Puts on the audit trail what came of it. */
  readonly note: (event: string, detail: string) => Promise<void>;
}
