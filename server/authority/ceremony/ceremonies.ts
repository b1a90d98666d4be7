import type { Authority } from '../../ports/authorities.ts';
import type { OrgName } from '../../ports/issuer-name.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import { bringIn, requestIssuing } from './bring-in.ts';
import { establishIssuing, type IssuingParts, overlapOf, type Rotated, rotateIssuing } from './issuing-ca.ts';
import { putRootBack, type RootParts, removeRoot, takeRootOut } from './root-custody.ts';

/**
 * What people do with the keys of CAs, for faces: each act takes the vault with it, so that no face needs to know of one.
 * All of them throw VaultError, whose message is a sentence for whoever asked.
 */
export interface Ceremonies {
  /** The issuing CA of an organisation, made with its root if need be. Safe to repeat. */
  establish(org: WantedCa): Promise<Authority>;
  /** A new issuing CA beside the one that is there. */
  rotate(org: WantedCa & { readonly again: boolean }): Promise<Rotated>;
  /** Until when the last rotation's predecessor is watched; undefined if none is. */
  overlapOf(org: OrgName): Promise<string | undefined>;
  /** The PKCS#10 request for an organisation's next issuing CA, DER. */
  request(org: WantedCa): Promise<Uint8Array>;
  /** Puts an issuing CA in its place whose certificate (DER) a root signed elsewhere. */
  bringIn(org: WantedCa, certificate: Uint8Array): Promise<Authority>;
  /** The text of a root file, its key encrypted under this passphrase. */
  takeRootOut(training: boolean, passphrase: string): Promise<string>;
  /** Takes the root's key off this machine: to be called once it is safe elsewhere. */
  removeRoot(training: boolean): Promise<void>;
  /** Puts the key of a root file back. Gives the root's name. */
  putRootBack(text: string, passphrase: string): Promise<string>;
}

export function ceremonies(parts: IssuingParts & RootParts): Ceremonies {
  return {
    establish: (org) => establishIssuing(org, parts),
    rotate: (org) => rotateIssuing(org, parts),
    overlapOf: (org) => overlapOf(org, parts),
    request: (org) => requestIssuing(org, parts),
    bringIn: (org, certificate) => bringIn(org, certificate, parts),
    takeRootOut: (training, passphrase) => takeRootOut(training, passphrase, parts),
    removeRoot: (training) => removeRoot(training, parts),
    putRootBack: (text, passphrase) => putRootBack(text, passphrase, parts),
  };
}
