import type { OutcomeCode } from '../../../../contract/codes.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { CertificateProfile, RevocationReason } from '../../../ports/certificate-authority.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';

/** What is said of a device in an outcome. */
export interface About {
  readonly maker?: string;
  readonly udid?: string;
  readonly domain?: string;
}

/** What a record that was not looked into says of a device. */
export function aboutOf({ udid }: { readonly udid: string | null }): About {
  return udid === null ? {} : { udid };
}

/** An effect on rows that nobody else is at: a binding that is noted as installed once more, a case of its own. */
export type OwnEffect =
  | { readonly kind: 'installed'; readonly binding: string }
  | { readonly kind: 'transfer_case'; readonly binding: string };

/** What must happen together with the outcome, as data. */
export type Effect =
  | OwnEffect
  | {
      readonly kind: 'end';
      readonly binding: string;
      readonly reason: RevocationReason;
      readonly about: About;
    }
  | { readonly kind: 'withdraw'; readonly record: string };

/** An outcome without a certificate. */
export interface Said<E extends Effect = Effect> {
  readonly outcome: 'held' | 'refused' | 'noted';
  readonly code?: OutcomeCode;
  readonly detail?: string;
  readonly about: About;
  readonly effect?: E;
}

/** Bound already: the certificate of that binding is handed out again. */
export interface Same {
  readonly outcome: 'same';
  readonly binding: Binding;
  readonly about: About;
  /** Whose certificate is meant: the bound key, or the one that is to take its place. */
  readonly keyDigest: string;
}

/** Bound already, and its certificate is due: a successor is to be issued for the same key. */
export interface Renew {
  readonly outcome: 'renew';
  readonly binding: Binding;
  readonly about: About;
  readonly spki: Uint8Array;
  readonly profile: CertificateProfile;
  /** The next key, given up with this. */
  readonly drops: LineageKey | undefined;
}

/** To be bound: a certificate is to be issued for this key. */
export interface Bind {
  readonly outcome: 'bind';
  readonly about: About;
  readonly binding: Omit<Binding, 'id' | 'boundAt'>;
  readonly spki: Uint8Array;
  readonly profile: CertificateProfile;
  /** Practice bindings of the same device, to be ended first. */
  readonly displaces: readonly Binding[];
  /** This very key, where it only waited to be another device's. */
  readonly drops: LineageKey | undefined;
  /** Earlier makers gave it other names, under which somebody may be binding it now. */
  readonly renamed: boolean;
}

/** What the rules say of a record: pure, nothing done yet. */
export type Ruling = Said | Same | Renew | Bind;

/** One that touches the record's own rows and new ones only, so that it may be applied beside others (ports/group-stores.ts). */
export type OwnRuling = Said<OwnEffect> | Same | OwnBind;

export interface OwnBind extends Bind {
  readonly displaces: readonly [];
  readonly drops: undefined;
  readonly renamed: false;
}

export function isOwn(ruling: Ruling): ruling is OwnRuling {
  switch (ruling.outcome) {
    case 'same':
      return true;
    // The device itself may be renewing over EST.
    case 'renew':
      return false;
    case 'bind':
      return ruling.displaces.length === 0 && ruling.drops === undefined && !ruling.renamed;
    case 'held':
    case 'refused':
    case 'noted':
      return ruling.effect === undefined || isOwnEffect(ruling.effect);
  }
}

export function isOwnEffect(effect: Effect): effect is OwnEffect {
  return effect.kind === 'installed' || effect.kind === 'transfer_case';
}

export function refused(code: OutcomeCode, about: About, detail?: string): Said<never> {
  return detail === undefined
    ? { outcome: 'refused', code, about }
    : { outcome: 'refused', code, about, detail };
}

export function held(code: OutcomeCode, about: About, detail?: string): Said<never> {
  return detail === undefined ? { outcome: 'held', code, about } : { outcome: 'held', code, about, detail };
}
