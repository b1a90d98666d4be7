import type { IssuerName } from '../../server/ports/issuer-name.ts';

/** A name that the test knows to be an issuing CA's. */
export const issuerName = (name: string) => name as IssuerName;
