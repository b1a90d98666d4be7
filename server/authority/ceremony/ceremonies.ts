import type { Authority } from '../../ports/authorities.ts';
import type { OrgName } from '../../ports/issuer-name.ts';
import type { Needs } from '../../ports/stores.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import { bringIn, mayHoldDomain, requestIssuing } from './bring-in.ts';
import {
  establishIssuing,
  type IssuingParts,
  overlapOf,
  type RotateResult,
  rotateIssuing,
} from './issuing-ca.ts';
import { putRootBack, type RootParts, removeRoot, takeRootOut } from './root-custody.ts';

/**
 * What people do with the keys of CAs, for faces. The methods have the vault, so no face needs to know it. All of
 * them throw VaultError, whose message is a sentence for the caller.
 */
export interface Ceremonies {
  /** The issuing CA of an organisation; it and its root are created if needed. Idempotent. */
  establish(org: WantedCa): Promise<Authority>;
  /** Creates the next issuing CA of an organisation that has one. */
  rotate(org: WantedCa & { readonly again: boolean }): Promise<RotateResult>;
  /** Until when the predecessor of the last rotation still signs CRLs; undefined if there is none. */
  overlapOf(org: OrgName): Promise<string | undefined>;
  /** The CSR (PKCS#10) for an organisation's next issuing CA, DER. */
  request(org: WantedCa): Promise<Uint8Array>;
  /** Installs an issuing CA whose certificate (DER) a root signed elsewhere; for a root that is not ours, with all above it. */
  bringIn(org: WantedCa, certificates: readonly Uint8Array[]): Promise<Authority>;
  /** Whether the chain above an organisation's issuing CA lets devices of this domain be named (name constraints). */
  mayHoldDomain(org: OrgName, domain: string): Promise<boolean>;
  /** The text of a root file, its key encrypted under this passphrase. */
  takeRootOut(training: boolean, passphrase: string): Promise<string>;
  /** Removes the root's key from this machine; to be called once the root file is safe elsewhere. */
  removeRoot(training: boolean): Promise<void>;
  /** Puts the key of a root file back. Returns the root's name. */
  putRootBack(text: string, passphrase: string): Promise<string>;
}

export function ceremonies(
  parts: IssuingParts & RootParts & { readonly stores: Needs<'domains'> },
): Ceremonies {
  return {
    establish: (org) => establishIssuing(org, parts),
    rotate: (org) => rotateIssuing(org, parts),
    overlapOf: (org) => overlapOf(org, parts),
    request: (org) => requestIssuing(org, parts),
    bringIn: (org, certificates) => bringIn(org, certificates, parts),
    mayHoldDomain: (org, domain) => mayHoldDomain(org, domain, parts),
    takeRootOut: (training, passphrase) => takeRootOut(training, passphrase, parts),
    removeRoot: (training) => removeRoot(training, parts),
    putRootBack: (text, passphrase) => putRootBack(text, passphrase, parts),
  };
}
