import type { OutcomeCode } from '../../../../contract/codes.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { CertificateProfile, RevocationReason } from '../../../ports/certificate-authority.ts';
import type { Site } from '../../../ports/domains.ts';
import type { FoundCertificate } from '../../../ports/found-certificates.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { PlaceChange } from '../../../ports/places.ts';
import type { StandBack } from './stand-back.ts';

/** How an outcome names its device. */
export interface DeviceMention {
  readonly maker?: string;
  readonly udid?: string;
  readonly domain?: string;
}

/** Names the device of a record that was not judged in detail. */
export function mentionOf({ udid }: { readonly udid: string | null }): DeviceMention {
  return udid === null ? {} : { udid };
}

/** An effect on rows that no other decision touches: the binding is noted as installed, or a claim is opened. */
export type OwnEffect =
  /** `isElsewhere`: the certificate names a domain from which the device was moved. */
  | {
      readonly kind: 'installed';
      readonly binding: string;
      readonly serial: string;
      readonly isElsewhere?: true;
    }
  | { readonly kind: 'transfer_case'; readonly binding: string }
  /** The record waits for the people of the organisation whose row it would bind. */
  | {
      readonly kind: 'row_claim';
      readonly owner: OrgName;
      readonly scope: string;
      readonly maker: string;
      readonly udid: string;
    };

/** A change that must be made in the same transaction as the outcome, described as data. */
export type Effect =
  | OwnEffect
  | {
      readonly kind: 'end';
      readonly binding: string;
      readonly reason: RevocationReason;
    }
  | { readonly kind: 'amend'; readonly change: Omit<PlaceChange, 'at'> }
  /** A move is taken back: its certificates end, and the device stands where it stood. */
  | ({
      readonly kind: 'unmove';
      readonly serials: readonly string[];
      readonly device: Pick<Binding, 'maker' | 'udid' | 'unproven'>;
      /** Of the certificate that it has again; null if there is none. */
      readonly fingerprint: string | null;
    } & StandBack)
  | { readonly kind: 'site'; readonly domain: string; readonly site: Site }
  | { readonly kind: 'withdraw'; readonly record: string };

/** An outcome for which no certificate is issued. */
interface PlainRuling<E extends Effect = Effect> {
  readonly outcome: 'held' | 'refused' | 'noted';
  readonly code?: OutcomeCode;
  readonly detail?: string;
  readonly about: DeviceMention;
  readonly effect?: E;
}

/** The device is bound already: the certificate of that binding is handed out again. */
export interface SameRuling {
  readonly outcome: 'same';
  readonly binding: Binding;
  readonly about: DeviceMention;
  /** Selects the certificate: that of the bound key, or that of the pending key. */
  readonly keyDigest: string;
  /** The record itself put it there, and its certificate came by another way, as EST: it is answered as the move that it is. */
  readonly moved?: true;
  /** Where it stands from now on, if the visit found it elsewhere in its domain. */
  readonly place?: Omit<PlaceChange, 'at'>;
  /** The device in whose place it stands from now on; that one ends. */
  readonly replaces?: Binding;
}

/** The device is bound already and its certificate is due: a successor is issued for the same key. */
export interface RenewRuling {
  readonly outcome: 'renew';
  readonly binding: Binding;
  readonly about: DeviceMention;
  readonly spki: Uint8Array;
  readonly profile: CertificateProfile;
  /** The pending next key, which this renewal drops. */
  readonly drops: LineageKey | undefined;
  readonly place?: Omit<PlaceChange, 'at'>;
  readonly replaces?: Binding;
}

/** The device stands in another domain from now on: a certificate that names it is issued for the same key. */
export interface MoveRuling extends Omit<RenewRuling, 'outcome' | 'place'> {
  readonly outcome: 'move';
  /** As it is to stand. */
  readonly binding: Binding;
  readonly place: Omit<PlaceChange, 'at'>;
}

/** The device is to be bound: a certificate is issued for this key. */
export interface BindRuling {
  readonly outcome: 'bind';
  readonly about: DeviceMention;
  readonly binding: Omit<Binding, 'id' | 'boundAt'>;
  readonly spki: Uint8Array;
  readonly profile: CertificateProfile;
  /** The certificate that was issued for this before, which is taken over in place of a new one. */
  readonly adopts?: FoundCertificate & { readonly der: Uint8Array; readonly fingerprint: string };
  /** The device in whose place this one stands from now on; it ends. */
  readonly replaces?: Binding;
  /** Practice bindings of the same device, which end first. */
  readonly displaces: readonly Binding[];
  /** This same key, where it was pending as another device's next key; that is dropped. */
  readonly drops: LineageKey | undefined;
  /** Earlier makers gave the device other names, and another decision may be binding it under one of them right now. */
  readonly renamed: boolean;
}

/** What the rules decide about a record. It is data: nothing has been changed yet. */
export type Ruling = PlainRuling | SameRuling | RenewRuling | MoveRuling | BindRuling;

/**
 * A ruling that touches only the record's own rows and new rows, so that it may be applied in a group with others
 * (ports/group-stores.ts).
 */
export type OwnRuling = PlainRuling<OwnEffect> | OwnSameRuling | OwnBindRuling;

interface OwnSameRuling extends SameRuling {
  readonly place?: never;
  readonly replaces?: never;
}

interface OwnBindRuling extends BindRuling {
  readonly displaces: readonly [];
  readonly drops: undefined;
  readonly renamed: false;
  readonly adopts?: never;
  readonly replaces?: never;
}

export function isOwn(ruling: Ruling): ruling is OwnRuling {
  switch (ruling.outcome) {
    case 'same':
      return ruling.place === undefined && ruling.replaces === undefined;
    // The device itself may be renewing over EST at the same time.
    case 'renew':
    case 'move':
      return false;
    case 'bind':
      return (
        ruling.displaces.length === 0 &&
        ruling.drops === undefined &&
        !ruling.renamed &&
        ruling.adopts === undefined &&
        ruling.replaces === undefined
      );
    case 'held':
    case 'refused':
    case 'noted':
      return ruling.effect === undefined || isOwnEffect(ruling.effect);
  }
}

export function isOwnEffect(effect: Effect): effect is OwnEffect {
  return effect.kind === 'installed' || effect.kind === 'transfer_case' || effect.kind === 'row_claim';
}

export function refused(code: OutcomeCode, about: DeviceMention, detail?: string): PlainRuling<never> {
  return detail === undefined
    ? { outcome: 'refused', code, about }
    : { outcome: 'refused', code, about, detail };
}

export function held(code: OutcomeCode, about: DeviceMention, detail?: string): PlainRuling<never> {
  return detail === undefined ? { outcome: 'held', code, about } : { outcome: 'held', code, about, detail };
}
