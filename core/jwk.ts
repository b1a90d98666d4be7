import type { PublicJwk } from '../contract/public-jwk.ts';
import { type Bytes, concat, fromBase64Url, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';
import { P256_PREFIX } from './p256-prefix.ts';

/** DER SubjectPublicKeyInfo of a P-256 JWK; undefined if a coordinate is not 32 bytes. */
export function jwkToSpki(jwk: PublicJwk): Bytes | undefined {
  const x = fromBase64Url(jwk.x);
  const y = fromBase64Url(jwk.y);
  if (x?.length !== 32 || y?.length !== 32) return undefined;
  return concat(P256_PREFIX, Uint8Array.of(4), x, y);
}

/** JWK thumbprint (RFC 7638): the key's name, `kid`. */
export async function jwkThumbprint(jwk: PublicJwk, crypto: CryptoPort): Promise<string> {
  const members = `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
  return await crypto.digest(utf8(members));
}
