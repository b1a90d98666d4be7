import type { CryptoPort } from '../../../core/crypto.ts';
import { commonNames, parseCsr, verifyCsr } from '../../../core/csr.ts';
import { DerError } from '../../../core/der.ts';
import { mayBeOrg } from '../../ports/ca-names.ts';
import { type KeySigner, VaultError } from '../../ports/signer.ts';
import { signed } from '../../x509/certificate.ts';
import { sequence, smallInteger, tlv } from '../../x509/der-writer.ts';
import { authorityName } from '../../x509/x509-name.ts';

/** PKCS#10 request (RFC 2986) for the certificate of an issuing CA, DER. */
export function issuingRequest(org: string, key: KeySigner): Promise<Uint8Array> {
  return signed(sequence(smallInteger(0), authorityName(org), key.spki, tlv(0xa0)), key);
}

export interface IssuingRequest {
  readonly org: string;
  readonly spki: Uint8Array;
}

/** Reads such a request. Throws VaultError if it does not follow our rules for issuing CAs. */
export async function readIssuingRequest(der: Uint8Array, crypto: CryptoPort): Promise<IssuingRequest> {
  try {
    const request = parseCsr(der);
    const [name = '', ...more] = commonNames(request);
    const org = name.replace(/ CA$/, '');
    if (more.length > 0 || name !== `${org} CA` || !mayBeOrg(org))
      throw new VaultError('the request is not for an issuing CA');
    if (request.key.type !== 'P-256' && request.key.type !== 'P-384')
      throw new VaultError('the request is for neither a P-256 nor a P-384 key');
    if ((await verifyCsr(request, crypto)) !== 'valid')
      throw new VaultError('the request is not signed by its own key');
    return { org, spki: request.spki };
  } catch (error) {
    if (error instanceof DerError) throw new VaultError(`the request cannot be read: ${error.message}`);
    throw error;
  }
}
