import type { CryptoPort } from '../../core/crypto.ts';
import type { Ceremonies } from '../authority/ceremony/ceremonies.ts';
import type { StatusResponder } from '../authority/va/responder.ts';
import type { TxtResolver } from '../organisations/name-proof.ts';
import type { CertificateAuthority, IssuerIdentity, IssuerTrust } from '../ports/certificate-authority.ts';
import type { RevocationLists } from '../ports/crls.ts';
import type { IssuerName } from '../ports/issuer-name.ts';
import type { RescueKeyCeremonies } from '../ports/rescue-keys.ts';
import type { ServerClock } from '../ports/server-clock.ts';
import type { Database } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

/** What every face sees of an installation. Neither the key vault nor key files are in any of these types. */
interface SharedFace extends Pick<Database, 'stores' | 'transact' | 'urgent' | 'inGroup' | 'writer'> {
  readonly clock: ServerClock;
  readonly crypto: CryptoPort;
  /** Identity of the installation, made at its first start: the audience of every signature. */
  readonly aud: string;
}

/** What HTTP reads of the CA: whom to trust. It can order no signature. */
export interface TrustedIssuers {
  bundle: CertificateAuthority['bundle'];
  issuerNamed(name: IssuerName): Promise<(IssuerIdentity & IssuerTrust) | undefined>;
}

/** For the API and for verifiers. */
export interface HttpFace extends SharedFace {
  readonly ca: TrustedIssuers;
  readonly lists: RevocationLists;
  readonly status: StatusResponder;
  /** Where people open the app, without a slash at the end. */
  readonly publicUrl: string;
}

/** For the devices' listener: what the RA needs to answer a device. */
export interface EstFace extends SharedFace {
  readonly ca: CertificateAuthority;
  readonly lists: RevocationLists;
}

/** For the command line: people with access to the machine, who may do everything that a ceremony does. */
export interface CommandFace extends SharedFace {
  readonly ca: CertificateAuthority;
  readonly lists: RevocationLists;
  readonly ceremonies: Ceremonies;
  readonly statementKeys: StatementKeys;
  /** Takes this machine's clock as right, and gives the time that was taken; undefined if it is never doubted. */
  confirmClock(): Promise<string | undefined>;
  readonly rescueKeys: RescueKeyCeremonies;
  readonly resolver: TxtResolver;
  /** Where this installation is reached, without a slash at the end. */
  readonly publicUrl: string;
  /** Domain under which every name is the installation's own. */
  readonly suffix: string;
}
