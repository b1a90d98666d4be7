import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import type { Ceremonies } from '../authority/ceremony/ceremonies.ts';
import type { StatusResponder } from '../authority/va/responder.ts';
import type { TxtResolver } from '../organisations/name-proof.ts';
import type { CertificateAuthority } from '../ports/certificate-authority.ts';
import type { RevocationLists } from '../ports/crls.ts';
import type { Database } from '../ports/stores.ts';
import type { StatementKeys } from '../trail/statement-keys.ts';

/**
 * An installation as HTTP, EST and the command line see it, without the key vault and key files. Whatever needs a
 * CA's key goes through `ca`, `lists`, `status` and `ceremonies`, which decide themselves what they sign.
 */
export interface Face extends Omit<Database, 'close'> {
  readonly ca: CertificateAuthority;
  readonly lists: RevocationLists;
  readonly status: StatusResponder;
  readonly ceremonies: Ceremonies;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly resolver: TxtResolver;
  /** Public address of this installation, without a slash at the end. */
  readonly publicUrl: string;
  /** Domain suffix under which every name belongs to the installation. */
  readonly suffix: string;
  /** Identity of the installation, created at its first start: the audience of every signature. */
  readonly aud: string;
}
