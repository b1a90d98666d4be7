import type { Binding } from './bindings.ts';
import type { StoredCertificate } from './certificates.ts';
import type { StoredChange } from './changes.ts';
import type { Suspension } from './device-life.ts';
import type { OrgName } from './issuer-name.ts';
import type { OwnedRow } from './maker-list.ts';
import type { PlaceChange } from './places.ts';
import type { StoredRecord } from './records.ts';

export interface FeedEntry {
  readonly kind: 'binding' | 'record';
  readonly id: string;
  readonly n: number;
}

/** What some entries of the feed are shown by, each read with one statement. */
export interface FeedFacts {
  /** Those of the entries, and others of the same names. */
  readonly bindings: readonly Binding[];
  readonly records: ReadonlyMap<string, StoredRecord>;
  /** By binding, the newest first. */
  readonly certificates: ReadonlyMap<string, readonly StoredCertificate[]>;
  readonly handed: ReadonlySet<string>;
  /** Serials of certificates for keys that are pending. */
  readonly pending: ReadonlySet<string>;
  readonly suspensions: ReadonlyMap<string, Suspension>;
  /** By binding: the position that a successor took over. */
  readonly successions: ReadonlyMap<string, string | null>;
  /** By binding: the UDID of the device in whose place it stands. */
  readonly replaced: ReadonlyMap<string, string>;
  /** By first registration, the newest first. */
  readonly places: ReadonlyMap<string, readonly PlaceChange[]>;
  /** By record: the last change. */
  readonly changes: ReadonlyMap<string, StoredChange>;
  /** Those among the people who decided that work in the organisation: of others its phones learn nothing. */
  readonly members: ReadonlySet<string>;
  /** By operator. */
  readonly people: ReadonlyMap<string, string>;
  /** By UDID. */
  readonly rows: ReadonlyMap<string, readonly OwnedRow[]>;
  /** By domain and site, as JSON of the two. */
  readonly siteTitles: ReadonlyMap<string, string>;
}

/** What changed among an organisation's devices, numbered in the order of commit. An entry has the number of its last change. */
export interface DeviceFeed {
  after(org: OrgName, n: number, limit: number): Promise<FeedEntry[]>;
  facts(org: OrgName, entries: readonly FeedEntry[]): Promise<FeedFacts>;
}
