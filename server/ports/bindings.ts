/** Device ↔ domain ↔ owner. Live until `endedAt`. */
export interface Binding {
  readonly id: string;
  readonly scope: string;
  readonly org: string;
  readonly domain: string;
  readonly site: string | null;
  readonly maker: string;
  readonly udid: string;
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

export interface Bindings {
  binding(id: string): Promise<Binding | undefined>;
  /** Live bindings of the whole installation that have this key, or this maker and UDID: two at most. */
  liveConflicts(keyDigest: string, maker: string, udid: string): Promise<Binding[]>;
  open(binding: Binding): Promise<void>;
  setState(id: string, state: BindingState): Promise<void>;
  /** Its device has shown that it uses another key: that is the bound one from now on. */
  rekey(id: string, keyDigest: string): Promise<void>;
  /** Its device has signed something in our sight with the bound key: no copy could have done that. */
  prove(id: string): Promise<void>;
  /**
   * How many live bindings an organisation has, in one domain or ('') in all, up to `most`. For many records in one
   * transaction each that asked before counts as one more, bound or not.
   */
  placesTaken(org: string, domain: string, most: number): Promise<number>;
  /** Another site of the same domain. */
  setSite(id: string, site: string): Promise<void>;
  /** A key that was to be its next one is dropped with it. */
  end(id: string, at: string): Promise<void>;
  /** Live and ended, the newest first. */
  ofOrg(org: string, limit: number): Promise<Binding[]>;
  /** Of these, each word in UDID, maker, domain or site; in any case, of ASCII letters at least. Reads all of them. */
  find(org: string, words: readonly string[], limit: number): Promise<Binding[]>;
  /** Live ones of a domain, the newest first. */
  liveIn(org: string, domain: string, limit: number): Promise<Binding[]>;
  /** Live ones whose last certificate for the bound key ends before then, the first to end first. */
  due(before: string, limit: number): Promise<{ readonly binding: Binding; readonly notAfter: string }[]>;
  /** Live and ended, of every maker, in every scope. */
  everByUdid(udid: string): Promise<Binding[]>;
}
