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

/** What must happen together with the outcome, as data. */
export type Effect =
  | { readonly kind: 'installed'; readonly binding: string }
  | {
      readonly kind: 'end';
      readonly binding: string;
      readonly reason: RevocationReason;
      readonly about: About;
    }
  | { readonly kind: 'withdraw'; readonly record: string }
  | { readonly kind: 'transfer_case'; readonly binding: string };

/** What the rules say of a record: pure, nothing done yet. */
export type Ruling =
  | {
      readonly outcome: 'held' | 'refused' | 'noted';
      readonly code?: OutcomeCode;
      readonly detail?: string;
      readonly about: About;
      readonly effect?: Effect;
    }
  /** Bound already: the certificate of that binding is handed out again. */
  | {
      readonly outcome: 'same';
      readonly binding: Binding;
      readonly about: About;
      /** Whose certificate is meant: the bound key, or the one that is to take its place. */
      readonly keyDigest: string;
    }
  /** Bound already, and its certificate is due: a successor is to be issued for the same key. */
  | {
      readonly outcome: 'renew';
      readonly binding: Binding;
      readonly about: About;
      readonly spki: Uint8Array;
      readonly profile: CertificateProfile;
      /** The next key, given up with this. */
      readonly drops: LineageKey | undefined;
    }
  /** To be bound: a certificate is to be issued for this key. */
  | {
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
    };

export function refused(code: OutcomeCode, about: About, detail?: string): Ruling {
  return detail === undefined
    ? { outcome: 'refused', code, about }
    : { outcome: 'refused', code, about, detail };
}

export function held(code: OutcomeCode, about: About, detail?: string): Ruling {
  return detail === undefined ? { outcome: 'held', code, about } : { outcome: 'held', code, about, detail };
}
