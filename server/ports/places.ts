import type { DomainName } from '../../core/name.ts';
import type { BindingState } from './bindings.ts';
import type { StoredCertificate } from './certificates.ts';

/** Where a device stands, and the record by which: its registration, its move, or what took a move back. */
export interface Standing {
  readonly domain: DomainName;
  readonly site: string | null;
  readonly position: string | null;
  readonly standsBy: string;
}

/** A correction of a place, or a move. `before` is how it stood until then. */
export interface PlaceChange extends Standing {
  /** The device's first registration. */
  readonly registration: string;
  /** Null while that is held. */
  readonly binding: string | null;
  readonly record: string;
  readonly at: string;
  readonly by: string;
  readonly because: string | null;
  readonly before: Standing & { readonly state?: BindingState };
}

/** Where devices were put after their registration. */
export interface Places {
  /** The newest first. */
  ofRegistration(registration: string): Promise<PlaceChange[]>;
  put(change: PlaceChange): Promise<void>;
}

/** How a device came by its certificate: a phone wrote it, the device took it by EST in a handshake with its key, or used it. */
export type Handover = 'installed' | 'collected' | 'shown';

/** Certificates that their devices have. */
export interface HandedCertificates {
  isHanded(serial: string): Promise<boolean>;
  /** Whoever says so first is kept. */
  hand(certificate: Pick<StoredCertificate, 'serial' | 'binding'>, how: Handover, at: string): Promise<void>;
}
