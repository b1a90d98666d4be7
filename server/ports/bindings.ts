import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { OrgName } from './issuer-name.ts';

/** Device ↔ domain ↔ owner. Live until `endedAt`. */
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
  /** Evidence so far could have been copied; ends when the device itself shows its certificate. */
  readonly unproven: boolean;
  /** Trusted at first use: no row anchored its key. For ever. */
  readonly firstUse: boolean;
  readonly boundAt: string;
  readonly endedAt: string | null;
}

export type BindingState = 'issuing' | 'issued' | 'installed' | 'shown' | 'revoked';

/** One binding at a time, by its id: from its opening to its end. */
export interface Bindings {
  binding(id: string): Promise<Binding | undefined>;
  open(binding: Binding): Promise<void>;
  setState(id: string, state: BindingState): Promise<void>;
  /** Its device has shown that it uses another key: that is the bound one from now on. */
  rekey(id: string, keyDigest: string): Promise<void>;
  /** Its device has signed something in our sight with the bound key: no copy could have done that. */
  prove(id: string): Promise<void>;
  /** Another site of the same domain. */
  setSite(id: string, site: string): Promise<void>;
  /** A key that was to be its next one is dropped with it. */
  end(id: string, at: string): Promise<void>;
}

/** Live bindings of the whole installation. */
export interface LiveBindings {
  /** The one of this key: one at most (unique over all scopes). */
  byKey(keyDigest: string): Promise<Binding | undefined>;
  /** The one of this device: one at most. */
  byName(maker: string, udid: string): Promise<Binding | undefined>;
  /** Those of a domain, the newest first. */
  inDomain(org: OrgName, domain: string, limit: number): Promise<Binding[]>;
  /** Those whose last certificate for the bound key ends before then, the first to end first. */
  due(before: string, limit: number): Promise<{ readonly binding: Binding; readonly notAfter: string }[]>;
}

/** Live and ended bindings, for whoever looks something up. */
export interface BindingHistory {
  /** The newest first. */
  ofOrg(org: OrgName, limit: number): Promise<Binding[]>;
  /** Each word in UDID, maker, domain or site; in any case, of ASCII letters at least. Reads all of the organisation. */
  find(org: OrgName, words: readonly string[], limit: number): Promise<Binding[]>;
  /** Of every maker, in every scope. */
  ofUdid(udid: string): Promise<Binding[]>;
}

/** How many live bindings policies allow. */
export interface Quotas {
  /**
   * Whether fewer than `quota` live bindings are in one domain of an organisation (null: in all of them). In a group each
   * call that came before counts as one more, bound or not.
   */
  takePlace(org: OrgName, domain: string | null, quota: number): Promise<boolean>;
}
