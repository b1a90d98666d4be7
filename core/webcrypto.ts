import { type Bytes, toBase64Url } from './bytes.ts';
import type { CryptoPort, SignatureAlgorithm } from './crypto.ts';

interface Algorithm {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
  readonly saltLength?: number;
}

/** The part of SubtleCrypto used here, so that page, worker and Node can hand theirs in. */
export interface WebCrypto {
  readonly subtle: {
    digest(algorithm: string, data: Bytes): Promise<ArrayBuffer>;
    importKey(
      format: 'spki',
      key: Bytes,
      algorithm: Algorithm,
      extractable: boolean,
      uses: 'verify'[],
    ): Promise<unknown>;
    verify(algorithm: Algorithm, key: never, signature: Bytes, data: Bytes): Promise<boolean>;
  };
  getRandomValues(into: Bytes): Bytes;
}

const PARAMETERS: Record<SignatureAlgorithm, { key: Algorithm; use: Algorithm }> = {
  ES256: { key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { key: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash: 'SHA-384' } },
  RS256: { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, use: { name: 'RSASSA-PKCS1-v1_5' } },
  PS256: { key: { name: 'RSA-PSS', hash: 'SHA-256' }, use: { name: 'RSA-PSS', saltLength: 32 } },
  EdDSA: { key: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
};

/** CryptoPort over a WebCrypto implementation. */
export function cryptoPort(web: WebCrypto): CryptoPort {
  const sha256 = async (data: Uint8Array) => new Uint8Array(await web.subtle.digest('SHA-256', owned(data)));
  return {
    sha256,
    digest: async (data) => toBase64Url(await sha256(data)),
    async verify(algorithm, spki, signature, data) {
      const { key, use } = PARAMETERS[algorithm];
      try {
        const imported = await web.subtle.importKey('spki', owned(spki), key, false, ['verify']);
        const valid = await web.subtle.verify(use, imported as never, owned(signature), owned(data));
        return valid ? 'valid' : 'invalid';
      } catch (error) {
        return isUnsupported(error) ? 'not_offered' : 'invalid';
      }
    },
    random: (length) => web.getRandomValues(new Uint8Array(length)),
  };
}

/** WebCrypto refuses views on shared memory; everything of ours is ordinary, so this copies only what is not. */
function owned(data: Uint8Array): Bytes {
  return data.buffer instanceof ArrayBuffer ? (data as Bytes) : Uint8Array.from(data);
}

function isUnsupported(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'NotSupportedError';
}
