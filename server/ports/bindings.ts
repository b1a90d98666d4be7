import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { OrgName } from './issuer-name.ts';

/** Ties a device to a domain and an owner. Live until `endedAt`. */
export interface Binding {
  readonly id: string;
  readonly scope: string;
  readonly org: OrgName;
  readonly domain: DomainName;
  readonly site: string | null;
  readonly maker: string;
  readonly udid: Udid;
  /** SHA-256 of the device's SPKI, base64url. */
  readonly keyDigest: string;
  readonly registration: string;
  readonly state: BindingState;
  /** The evidence so far could have been copied. Ends when the device itself shows its certificate. */
  readonly unproven: boolean;
  /** Trusted at first use: no list row anchored the key. Stays so for the binding's life. */
  readonly firstUse: boolean;
  readonly boundAt: string;
  readonly endedAt: string | null;
  /** Set where a device of another organisation has the same name: then key and list tell the two apart. */
  readonly apart?: boolean;
}

export type BindingState = 'issuing' | 'issued' | 'installed' | 'shown' | 'revoked';

/** One binding at a time, by its id: from its opening to its end. */
export interface Bindings {
  binding(id: string): Promise<Binding | undefined>;
  open(binding: Binding): Promise<void>;
  setState(id: string, state: BindingState): Promise<void>;
  /** The device has shown that it uses another key, which is the bound key from now on. */
  rekey(id: string, keyDigest: string): Promise<void>;
  /** The device has signed something in our sight with the bound key, which no copy could have done. */
  prove(id: string): Promise<void>;
  /** Moves the device to another site of the same domain, or to none. */
  setSite(id: string, site: string | null): Promise<void>;
  /** Moves the device to another domain of its organisation. */
  move(id: string, to: Pick<Binding, 'domain' | 'site' | 'state'>): Promise<void>;
  /** Ends the binding and drops its pending key, if it has one. */
  end(id: string, at: string): Promise<void>;
}

/** Live bindings of the whole installation. */
export interface LiveBindings {
  /** At most one, over all scopes. */
  byKey(keyDigest: string): Promise<Binding | undefined>;
  /** One of `named`. */
  byName(maker: string, udid: string): Promise<Binding | undefined>;
  /** At most one, but for devices of several organisations that have one name and are told apart by what their lists say. */
  named(maker: string, udid: string): Promise<Binding[]>;
  /** Live bindings of one domain, the newest first. */
  inDomain(org: OrgName, domain: string, limit: number): Promise<Binding[]>;
  /** Live bindings whose last certificate for the bound key ends before this instant, soonest first. */
  due(before: string, limit: number): Promise<{ readonly binding: Binding; readonly notAfter: string }[]>;
}

/** Live and ended bindings, for look-ups. */
export interface BindingHistory {
  /** The newest first. */
  ofOrg(org: OrgName, limit: number): Promise<Binding[]>;
  /**
   * Bindings where each word occurs in UDID, maker, domain or site. Case is ignored, for ASCII letters at least.
   * Reads all bindings of the organisation.
   */
  find(org: OrgName, words: readonly string[], limit: number): Promise<Binding[]>;
  /** Bindings with this UDID, of every maker and in every scope. */
  ofUdid(udid: string): Promise<Binding[]>;
}

/** Checks the quotas on live bindings that policies set. */
export interface Quotas {
  /**
   * Whether one domain of an organisation (null: all of them together) has fewer than `quota` live bindings. In a
   * group each earlier call counts as one more binding, whether it led to one or not.
   */
  takePlace(org: OrgName, domain: string | null, quota: number): Promise<boolean>;
}
