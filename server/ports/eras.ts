/**
 * One life of the database. The first begins with the installation; another one begins whenever an older copy is put back
 * (docs/operations.md, Backup).
 */
export interface StoredEra {
  readonly era: string;
  /** Newest instant that the copy knew. */
  readonly copyAt: string;
  readonly at: string;
  /** `era+jws` (contract/era.ts). */
  readonly jws: string;
}

/** Lives of the database, and who was confirmed since the last one began. */
export interface Eras {
  /** The newest; undefined if no copy was ever put back. */
  current(): Promise<StoredEra | undefined>;
  /** The era that began without what came at this instant; undefined if none did. Of several the newest. */
  lostBy(at: string): Promise<StoredEra | undefined>;
  begin(era: StoredEra): Promise<void>;
  /** Ends every session and every one-time thing that is not used yet, and stops the receivers of events. */
  endOneTimeThings(): Promise<void>;
  /** Whether the name is one of those that a copy revived, and nobody confirmed it since. */
  unconfirmed(name: string): Promise<boolean>;
  allUnconfirmed(): Promise<string[]>;
  /** False if the name needs no confirmation. */
  confirm(name: string, by: string, at: string): Promise<boolean>;
}

/** How a machine client is named among people. */
export function clientName(name: string): string {
  return `client ${name}`;
}
