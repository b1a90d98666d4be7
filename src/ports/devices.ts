import type { IssuedCertificate } from '../../contract/change.ts';
import type { OutcomeCode, RejectionCode } from '../../contract/codes.ts';
import type { FieldDevices } from '../../contract/field-device.ts';
import type { BackendResult } from './backend.ts';

/**
 * What a device at a place needs next, the most urgent first. Of the person who is signed in: `rejected` (the backend cannot take
 * the record), `refused`, `conflict` (its place was changed by somebody else), `write` (its certificate waits), `renew`. Of somebody
 * else: `held` (the desk), `claimed` (its owner). Of nobody: `send` goes by itself, `ended`, `none`.
 */
export const DEVICE_NEEDS = [
  'rejected',
  'refused',
  'conflict',
  'write',
  'renew',
  'held',
  'claimed',
  'send',
  'none',
  'ended',
] as const;
export type DeviceNeed = (typeof DEVICE_NEEDS)[number];

/** Needs that the signed-in person can do something about: they stand first on Home and make the badge. */
export const NEEDS_ME: ReadonlySet<DeviceNeed> = new Set([
  'rejected',
  'refused',
  'conflict',
  'write',
  'renew',
]);

/** Needs that somebody else can do something about. */
export const NEEDS_OTHERS: readonly DeviceNeed[] = ['held', 'claimed'];

/** How many devices the first screen shows that need the signed-in person: more than anybody does before looking again. */
export const FIRST_MINE = 25;
/** How many it shows that wait for somebody else. */
export const FIRST_WAITING = 5;

export type DeviceStanding =
  | 'saved'
  | 'undecided'
  | 'held'
  | 'claimed'
  | 'refused'
  | 'issuing'
  | 'issued'
  | 'installed'
  | 'shown'
  | 'ended';

/**
 * One device at a place, as this phone knows it for the person who is signed in: from the records captured here and from what
 * the organisation has (contract/field-device.ts), whichever is newer.
 */
export interface DeviceAtPlace {
  readonly org: string;
  readonly udid: string;
  readonly maker?: string;
  /** What else it is called. */
  readonly names: readonly string[];
  readonly model?: string;
  readonly domain: string;
  readonly site?: string;
  readonly siteTitle?: string;
  readonly position?: string;
  /** Digest of this place (core/place.ts). */
  readonly place: string;
  readonly standing: DeviceStanding;
  readonly need: DeviceNeed;
  /** Why, where something was decided: a code, the deciding person's own words, who and when (milliseconds since 1970). */
  readonly code: OutcomeCode | RejectionCode | null;
  readonly because: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  readonly suspended?: 'lost' | 'maintenance' | 'put_back';
  /** Newest record of this phone about it, where this person captured one. */
  readonly record?: string;
  /** The record by which it stands there: what a confirmation, an amendment or a void names. */
  readonly registration?: string;
  /** Who captured that. `mine`: the signed-in person. */
  readonly byName?: string;
  readonly mine: boolean;
  /** A correction of its place that was captured here and is not decided. */
  readonly correcting: boolean;
  /** A void of it that was captured here and is not decided: asked, not undone. */
  readonly undoing: boolean;
  /** To be written into it: it waits there (`write`), or a visit was answered with the one that it should have already. */
  readonly certificate?: IssuedCertificate;
  /** Other devices of other makers that go by the same name and are bound as well. */
  readonly alike?: readonly Pick<
    DeviceAtPlace,
    'maker' | 'model' | 'domain' | 'site' | 'siteTitle' | 'position' | 'standing'
  >[];
  readonly notAfter?: string;
  readonly renewFrom?: string;
  readonly takesCertificate: boolean;
  readonly simulated: boolean;
  readonly unproven: boolean;
  /** When anything about it last changed, milliseconds since 1970. */
  readonly at: number;
}

/** One site with devices, or a domain's devices without a site. */
export interface SiteCount {
  readonly org: string;
  readonly domain: string;
  readonly site?: string;
  readonly siteTitle?: string;
  readonly devices: number;
  /** Those that need the signed-in person. */
  readonly needMe: number;
}

/** Read in one go by the first screen, whatever the number of devices. */
export interface DevicesOverview {
  readonly devices: number;
  readonly needs: Readonly<Partial<Record<DeviceNeed, number>>>;
  /** The first FIRST_MINE devices that need this person, and the first FIRST_WAITING that wait for somebody else. */
  readonly mine: readonly DeviceAtPlace[];
  readonly waiting: readonly DeviceAtPlace[];
  /** Ids of this person's records that name no device (a site's), were refused or rejected, and are not read. */
  readonly stuck: readonly string[];
  /** Unsent records of other people on this phone, which are theirs to read. */
  readonly others: readonly { readonly name: string; readonly unsent: number }[];
}

/** What of the list is wanted. `words`: each occurs in any name, model, place or person, in any spelling of a MAC address. */
export interface DeviceQuery {
  readonly needs?: readonly DeviceNeed[];
  readonly at?: { readonly org: string; readonly domain: string; readonly site?: string };
  readonly words?: string;
  readonly limit: number;
  /** Rows to pass over. */
  readonly skip?: number;
}

/** Reading side, for screens. Rejects with StorageError only. */
export interface DevicesView {
  overview(): Promise<DevicesOverview>;
  /** Sites where devices stand, in no order. */
  sites(): Promise<readonly SiteCount[]>;
  /** The most urgent first, then the newest; with `at` in natural order of position (Flat 2 before Flat 10). */
  find(query: DeviceQuery): Promise<{ readonly rows: readonly DeviceAtPlace[]; readonly of: number }>;
  device(org: string, udid: string): Promise<DeviceAtPlace | undefined>;
  /** In any of the organisations that this person works for; a real one before practice. */
  known(udid: string): Promise<readonly DeviceAtPlace[]>;
  /** The person has read of a refusal or a conflict: it needs nobody any more. `record`: of that one alone, where several name no device. */
  read(org: string, udid: string, record?: string): Promise<void>;
}

/** From where an organisation's devices are asked for, and for whom: each person is told what was refused to them. */
export interface ToldFrom {
  readonly org: string;
  readonly after: string;
  /** The person whose lists these are; undefined before anybody is known. */
  readonly reader: string | undefined;
}

/** What the backend says of an organisation's devices. Rejects with StorageError only. */
export interface DevicesIntake {
  cursor(org: string): Promise<ToldFrom>;
  /** Takes nothing where the lists have become somebody else's since it was asked for. */
  take(from: ToldFrom, answer: FieldDevices): Promise<void>;
  /**
   * Forgets what belongs to other organisations than these, and the rows of another person: lists are by person. Resolves once
   * nobody else's row is left; `made` resolves once all rows of this person are there, which takes a while on a full phone.
   */
  keepFor(person: {
    readonly operator: string;
    readonly orgs: readonly string[];
  }): Promise<{ readonly made: Promise<void> }>;
}

/** What the lists of devices need of the backend. Never rejects. */
export interface DevicesBackend {
  fieldDevices(org: string, after: string, signal: AbortSignal): Promise<BackendResult<FieldDevices>>;
}
